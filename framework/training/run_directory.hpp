#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

#include "support/file.hpp"
#include "training/checkpoint.hpp"
#include "training/trainer.hpp"

namespace talweg {

/// The directory of `--out DIR`, where one training keeps what comes of it:
///   model.yaml               the model file as read
///   metrics.jsonl            the lines of `--json`, each on the disk's way as soon as it is known
///   checkpoint.safetensors   see Checkpoint: from time to time, and when training ends or is interrupted;
///                            checkpoint.previous.safetensors is the one before it
///   weights.safetensors      parameters and states, with every checkpoint; with `keep:` the best
/// Throws Error{files}: no directory can be made there, another training holds it, the disk is full, it has a
/// model.yaml that no training left there.
class RunDirectory final : public TrainingObserver {
 public:
  static constexpr std::chrono::seconds kCheckpointInterval{30};

  /// Makes the directory and locks it for as long as the object lives.
  explicit RunDirectory(std::filesystem::path path,
                        std::chrono::milliseconds checkpoint_interval = kCheckpointInterval);

  /// A checkpoint of an earlier training here: the last, or the one before it where that is damaged or
  /// missing; `damage` says why then.
  struct Found {
    Checkpoint checkpoint;
    std::string damage;
  };
  /// To be restored before Trainer::run; nothing where there is none. Throws Error{files} where none can be
  /// used.
  [[nodiscard]] std::optional<Found> checkpoint();
  /// Does it hold a checkpoint, damaged or not?
  [[nodiscard]] bool holds_training() const;
  /// Before Trainer::run with this observer. What an earlier training left is replaced when training starts,
  /// so that one that is refused costs nothing; where the trainer goes on with the earlier one, its metrics
  /// up to there stay. The trainer outlives the directory's use. Throws where a model file would be lost.
  void follow(Trainer& trainer);
  /// Writes weights and checkpoint.
  void save();

  void started(const StartRecord& record) override;
  void logged(const LogRecord& record) override;
  void validated(const ValidationRecord& record) override;
  void progressed(const ProgressRecord& record) override;
  void ended(const EndRecord& record) override;

 private:
  void replace_earlier();
  void write_line(std::string line);
  void save_if_due();
  void save_weights();
  void save_checkpoint();

  std::filesystem::path path_;
  std::string home_;  ///< see Weights::home
  std::chrono::milliseconds interval_;
  File lock_;
  std::optional<File> metrics_;
  bool last_is_whole_ = false;  ///< only then may the last checkpoint take the place of the one before it
  Trainer* trainer_ = nullptr;
  std::chrono::steady_clock::time_point saved_;
};

}  // namespace talweg
