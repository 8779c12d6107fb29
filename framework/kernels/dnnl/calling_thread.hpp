#pragma once

// Of the OpenMP that oneDNN is built with.
extern "C" void omp_set_num_threads(int number);
extern "C" int omp_get_max_threads();

namespace talweg::kernels {

/// Work on the calling thread alone, and leave it as it was: how many threads OpenMP would take is its own.
class OnCallingThread {
 public:
  OnCallingThread() { omp_set_num_threads(1); }
  ~OnCallingThread() { omp_set_num_threads(before_); }
  OnCallingThread(const OnCallingThread&) = delete;
  OnCallingThread& operator=(const OnCallingThread&) = delete;

 private:
  int before_ = omp_get_max_threads();
};

}  // namespace talweg::kernels
