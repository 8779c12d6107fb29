# What an installation holds: the program, libtalweg.so with its public headers, plugins, models, and the CMake
# package. Everything is found from where the program or library lies, so the whole tree can be moved.

include(CMakePackageConfigHelpers)
file(RELATIVE_PATH library_from_program "${CMAKE_INSTALL_FULL_BINDIR}" "${CMAKE_INSTALL_FULL_LIBDIR}")
set(package_directory "${CMAKE_INSTALL_LIBDIR}/cmake/talweg")
set(plugin_directory "${CMAKE_INSTALL_LIBDIR}/talweg/plugins")

# Objects of what the public headers declare, since no other code calls them; the rest comes from the archives.
add_library(talweg SHARED $<TARGET_OBJECTS:talweg_training> $<TARGET_OBJECTS:talweg_support>)
add_library(talweg::talweg ALIAS talweg)
target_link_libraries(talweg PRIVATE talweg_training)
set_target_properties(talweg PROPERTIES LINKER_LANGUAGE CXX VERSION "${PROJECT_VERSION}"
                                        SOVERSION "${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}")
if(NOT TALWEG_SANITIZED)
  target_link_options(talweg PRIVATE LINKER:--no-undefined)
endif()
target_include_directories(talweg INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/framework/include>"
                                            "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
target_compile_features(talweg INTERFACE cxx_std_20)

install(TARGETS talweg talweg_plugin_headers EXPORT talwegTargets)
install(DIRECTORY framework/include/talweg DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT talwegTargets NAMESPACE talweg:: DESTINATION "${package_directory}")
configure_package_config_file(cmake/talwegConfig.cmake.in "${PROJECT_BINARY_DIR}/talwegConfig.cmake"
                              INSTALL_DESTINATION "${package_directory}" PATH_VARS plugin_directory)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/talwegConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/talwegConfig.cmake" "${PROJECT_BINARY_DIR}/talwegConfigVersion.cmake"
              cmake/TalwegPlugin.cmake DESTINATION "${package_directory}")

if(TARGET talweg_command)
  set_target_properties(talweg_command PROPERTIES INSTALL_RPATH "$ORIGIN/${library_from_program}")
  install(TARGETS talweg_command)
endif()
install(DIRECTORY graphs DESTINATION "${CMAKE_INSTALL_DATADIR}/talweg")
