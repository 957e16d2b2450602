// The entry point of the unit tests: doctest's own, in a file of its own so that it compiles once.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
