#pragma once

#include <vector>

#include "training/records.hpp"

namespace talweg {

/// Passes everything on to several observers, in order.
class Observers final : public TrainingObserver {
 public:
  void add(TrainingObserver& observer) { observers_.push_back(&observer); }

  void started(const StartRecord& record) override {
    for (TrainingObserver* observer : observers_) observer->started(record);
  }
  void logged(const LogRecord& record) override {
    for (TrainingObserver* observer : observers_) observer->logged(record);
  }
  void validated(const ValidationRecord& record) override {
    for (TrainingObserver* observer : observers_) observer->validated(record);
  }
  void progressed(const ProgressRecord& record) override {
    for (TrainingObserver* observer : observers_) observer->progressed(record);
  }
  void ended(const EndRecord& record) override {
    for (TrainingObserver* observer : observers_) observer->ended(record);
  }

 private:
  std::vector<TrainingObserver*> observers_;
};

}  // namespace talweg
