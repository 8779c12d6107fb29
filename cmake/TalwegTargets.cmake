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

# talweg_compile_quickly(TARGET): of code that a training does not spend its time in, which is most: -O1 takes two thirds
# of the time of -O2.
function(talweg_compile_quickly target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# What most files include, read once for all: half of the time that a small file takes to compile.
set(talweg_precompiled <algorithm> <array> <cmath> <cstdint> <deque> <filesystem> <functional> <limits> <map> <memory>
                       <numeric> <optional> <set> <span> <sstream> <string> <string_view> <utility> <vector>)
# With it ccache keeps what is compiled with a precompiled header.
target_compile_options(talweg_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)

# talweg_folder(NAME DEPENDS...): the static library of one folder of framework/, from all its sources.
function(talweg_folder name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp")
  add_library(talweg_${name} STATIC ${sources})
  target_include_directories(talweg_${name} PUBLIC "${PROJECT_SOURCE_DIR}/framework"
                                                   "${PROJECT_SOURCE_DIR}/framework/include")
  target_link_libraries(talweg_${name} PUBLIC ${ARGN} PRIVATE talweg_options)
  if(name MATCHES "^(support|ops)$")  # ops are compiled with an option of xtensor's
    target_precompile_headers(talweg_${name} PRIVATE ${talweg_precompiled})
  else()
    target_precompile_headers(talweg_${name} REUSE_FROM talweg_support)
  endif()
endfunction()
