# In place of CMake's own module when packaging/wheels.py builds a wheel: the Python of the wheel does not run here,
# there are only its headers. ELMAN_PYTHON: 3.11; ELMAN_PYTHON_ABI: cpython-311-x86_64-linux-gnu; ELMAN_PYTHON_HEADERS: a
# folder with Python.h and pyconfig.h; ELMAN_PYTHON_LIBRARY: the import library, on Windows.
set(Python_FOUND TRUE)
set(Python_VERSION ${ELMAN_PYTHON})
set(Python_INTERPRETER_ID Python)
set(Python_SOABI ${ELMAN_PYTHON_ABI})
set(Python_INCLUDE_DIRS ${ELMAN_PYTHON_HEADERS})
add_executable(Python::Interpreter IMPORTED)
foreach(kind Module SABIModule)
  if(kind STREQUAL "Module" OR ELMAN_STABLE_ABI)
    add_library(Python::${kind} INTERFACE IMPORTED)
    target_include_directories(Python::${kind} INTERFACE ${ELMAN_PYTHON_HEADERS})
    target_link_libraries(Python::${kind} INTERFACE ${ELMAN_PYTHON_LIBRARY})
  endif()
endforeach()
