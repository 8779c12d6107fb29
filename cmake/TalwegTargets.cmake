# What every target of the tree is built with.

add_library(talweg_options INTERFACE)
target_compile_options(talweg_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                                                -Wno-missing-field-initializers
                                                $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
                                                $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual>)
# GCC 12 warns of overlaps inside std::string that are not there (GCC bug 105329).
target_compile_options(talweg_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(TALWEG_WARNINGS_AS_ERRORS)
  target_compile_options(talweg_options INTERFACE -Werror)
endif()
# IEEE arithmetic: a product and a sum are rounded one by one unless a kernel asks for a fused operation.
target_compile_options(talweg_options INTERFACE -ffp-contract=off)

# talweg_folder(NAME DEPENDS...): the static library of one folder of framework/, from all its sources.
function(talweg_folder name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp")
  add_library(talweg_${name} STATIC ${sources})
  target_include_directories(talweg_${name} PUBLIC "${PROJECT_SOURCE_DIR}/framework"
                                                   "${PROJECT_SOURCE_DIR}/framework/include")
  target_link_libraries(talweg_${name} PUBLIC ${ARGN} PRIVATE talweg_options)
endfunction()
