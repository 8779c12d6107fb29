#include "interruption.hpp"

#include <atomic>
#include <csignal>

namespace talweg {
namespace {

std::atomic<int> received = 0;
std::atomic<Trainer*> stopped = nullptr;
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<Trainer*>::is_always_lock_free);

extern "C" void on_signal(int number) {
  static_cast<void>(std::signal(SIGINT, SIG_DFL));
  static_cast<void>(std::signal(SIGTERM, SIG_DFL));
  received = number;
  if (Trainer* trainer = stopped) trainer->request_stop();
}

}  // namespace

Interruption::Interruption() {
  static_cast<void>(std::signal(SIGINT, on_signal));
  static_cast<void>(std::signal(SIGTERM, on_signal));
}

int Interruption::signal() const { return received; }

int Interruption::exit_status() const {
  constexpr int kEndedBySignal = 128;
  return kEndedBySignal + received;
}

Interruption::Stops::Stops(const Interruption& interruption, Trainer& trainer) {
  stopped = &trainer;
  if (interruption.signal() != 0) trainer.request_stop();
}

Interruption::Stops::~Stops() { stopped = nullptr; }

}  // namespace talweg
