# Installs to a prefix, moves it, builds a plugin and a program against it as strangers do, and trains with both.
# BUILD: the build tree. WORK: a directory that this test has for itself. COMPILER, FLAGS: those of the build.

file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE error)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nends with ${status}:\n${output}${error}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect text)
  string(FIND "${output}" "${text}" place)
  if(place EQUAL -1)
    message(FATAL_ERROR "expected '${text}' in:\n${output}")
  endif()
endfunction()

run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/first")
file(RENAME "${WORK}/first" "${WORK}/prefix")
foreach(project external_plugin embedding)
  run("${CMAKE_COMMAND}" -G Ninja -S "${CMAKE_CURRENT_LIST_DIR}/${project}" -B "${WORK}/${project}"
      "-DCMAKE_PREFIX_PATH=${WORK}/prefix" "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_CXX_FLAGS=${FLAGS}")
  run("${CMAKE_COMMAND}" --build "${WORK}/${project}")
endforeach()

# The plugin by its name: x goes from 1 to 0 in 64 exact steps.
set(valley "${CMAKE_CURRENT_LIST_DIR}/external_plugin/valley.yaml")
run("${WORK}/embedding/embedding" "${valley}" "${WORK}/external_plugin")
expect("step 0: 1\n")
expect("after 64 steps: 0\nx = 0\n")

# A shipped plugin is found from the library.
set(tutorial "${WORK}/prefix/share/talweg/graphs/tutorial/three_layer.yaml")
run("${WORK}/embedding/embedding" "${tutorial}")
expect("after 60000 steps: ")

# The program finds plugins from where it lies, and the models lie beside it.
set(talweg "${WORK}/prefix/bin/talweg")
run("${talweg}" train "${tutorial}" --steps 10)
expect("0.496410031903")
# So do the layers, which a model uses by name.
file(WRITE "${WORK}/layers.yaml" "talweg: 1\ndata: {x: [[1, 2]]}\ngraph: {hidden: 'dense(x, units=3)'}\n")
run("${talweg}" check "${WORK}/layers.yaml")
expect("hidden/W")
run("${talweg}" plugins list)
expect("${WORK}/prefix/")
run("${talweg}" train "${valley}" --plugins "${WORK}/external_plugin")
expect("all planned steps were made")
