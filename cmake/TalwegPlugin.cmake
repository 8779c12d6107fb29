# talweg_add_plugin(NAME SOURCES...): the library NAME.so, which Talweg finds by the name NAME. The target is
# called NAME too. It needs the headers talweg/plugin.h and talweg/optimizer.hpp, and nothing of Talweg else.
function(talweg_add_plugin name)
  if(NOT name MATCHES "^[a-z][a-z0-9_]*$")
    message(FATAL_ERROR "talweg_add_plugin: '${name}' is not made of a-z, 0-9 and _, a letter first")
  endif()
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE talweg::plugin)
  set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX ".so" OUTPUT_NAME "${name}" DEBUG_POSTFIX ""
                                           CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON
                                           C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden
                                           VISIBILITY_INLINES_HIDDEN ON)
endfunction()
