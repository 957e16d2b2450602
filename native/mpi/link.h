// The program's use of MPI as a table of functions: the program itself is not linked with MPI, so
// that it starts fast and runs without MPI. The module that fills the table (module.cpp) is loaded
// only when a launcher such as mpirun has started the program.
#pragma once

#include <cstddef>

extern "C" {

struct AttnlabMpiLink {
  /// Joins the other ranks; 0 when done. Every other function needs that first.
  int (*start)();
  int (*rank)();
  int (*size)();
  int (*neighbours)();  ///< ranks on this machine, this one included
  /// Sends a message without waiting for its arrival; the bytes are copied.
  int (*send)(int to, const void* bytes, std::size_t size);
  /// The length of a message that has arrived, and its sender; -1 without a message.
  long long (*arrived)(int* from);
  /// Receives the message that arrived() reported.
  int (*receive)(int from, void* bytes, std::size_t size);
  /// Waits until everything sent has arrived, and leaves.
  void (*finish)();
};

using AttnlabMpiLinkFunction = const AttnlabMpiLink* (*)();
}
