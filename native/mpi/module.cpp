// The only file that uses MPI: attnlab_mpi.so, loaded by native/ranks.cpp. One thread of each rank
// calls MPI (MPI_THREAD_FUNNELED).
#include <mpi.h>

#include <climits>
#include <cstring>
#include <list>
#include <vector>

#include "native/mpi/link.h"

namespace {

constexpr int kTag = 1;

struct Sending {
  std::vector<unsigned char> bytes;
  MPI_Request request;
};
std::list<Sending>& on_their_way() {
  static std::list<Sending> sending;
  return sending;
}

void forget_arrived() {
  std::list<Sending>& sending = on_their_way();
  for (auto each = sending.begin(); each != sending.end();) {
    int arrived = 0;
    MPI_Test(&each->request, &arrived, MPI_STATUS_IGNORE);
    each = arrived ? sending.erase(each) : std::next(each);
  }
}

int neighbours_found = 1;

int start() {
  int provided = MPI_THREAD_SINGLE;
  if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS) return 1;
  MPI_Comm here = MPI_COMM_NULL;
  if (MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here) ==
      MPI_SUCCESS) {
    MPI_Comm_size(here, &neighbours_found);
    MPI_Comm_free(&here);
  }
  return provided < MPI_THREAD_FUNNELED;
}

int neighbours() {
  return neighbours_found;
}

int rank() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

int size() {
  int size = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return size;
}

int send(int to, const void* bytes, std::size_t size) {
  forget_arrived();
  if (size > INT_MAX) return 1;
  Sending& message = on_their_way().emplace_back();
  message.bytes.resize(size);
  if (size > 0) std::memcpy(message.bytes.data(), bytes, size);
  return MPI_Isend(message.bytes.data(), static_cast<int>(size), MPI_BYTE, to, kTag, MPI_COMM_WORLD,
                   &message.request) != MPI_SUCCESS;
}

long long arrived(int* from) {
  forget_arrived();
  int there = 0, bytes = 0;
  MPI_Status status;
  MPI_Iprobe(MPI_ANY_SOURCE, kTag, MPI_COMM_WORLD, &there, &status);
  if (!there) return -1;
  MPI_Get_count(&status, MPI_BYTE, &bytes);
  *from = status.MPI_SOURCE;
  return bytes;
}

int receive(int from, void* bytes, std::size_t size) {
  return MPI_Recv(bytes, static_cast<int>(size), MPI_BYTE, from, kTag, MPI_COMM_WORLD,
                  MPI_STATUS_IGNORE) != MPI_SUCCESS;
}

void finish() {
  for (Sending& each : on_their_way()) MPI_Wait(&each.request, MPI_STATUS_IGNORE);
  on_their_way().clear();
  MPI_Finalize();
}

constexpr AttnlabMpiLink kLink = {start, rank, size, neighbours, send, arrived, receive, finish};

}  // namespace

extern "C" const AttnlabMpiLink* attnlab_mpi_link() {
  return &kLink;
}
