#include "training/run_directory.hpp"

#include <nlohmann/json.hpp>
#include <talweg/error.hpp>

#include "training/json_lines.hpp"
#include "training/weights.hpp"

namespace talweg {
namespace {

constexpr const char *kMetrics = "metrics.jsonl", *kModel = "model.yaml", *kWeights = "weights.safetensors";
constexpr const char *kCheckpoint = "checkpoint.safetensors", *kPrevious = "checkpoint.previous.safetensors";

bool file_exists(const std::filesystem::path& path) {
  std::error_code problem;
  const bool exists = std::filesystem::exists(path, problem);
  if (problem) throw Error(Status::files, path.string() + " cannot be read: " + problem.message());
  return exists;
}

/// Files of the directory are its own: one that is a link is replaced, and what it leads to stays as it is.
void drop_link(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_symlink(path, ignored)) std::filesystem::remove(path, ignored);
}

File lock_directory(const std::filesystem::path& path) {
  std::error_code problem;
  std::filesystem::create_directories(path, problem);
  if (problem)
    throw Error(Status::files, path.string() + " cannot be made a directory: " + problem.message());
  File lock = File::append(path / ".lock");
  if (!lock.try_lock()) throw Error(Status::files, path.string() + " is in use by another training");
  return lock;
}

/// Is a line of metrics.jsonl from before the place where `trainer` goes on? One that a kill has cut short is
/// not.
bool is_before(std::string_view line, const Trainer& trainer) {
  const nlohmann::json record = nlohmann::json::parse(line, nullptr, false);
  if (!record.is_object() || !record.contains("event")) return false;
  if (record["event"] == "start") return true;
  if (!record.contains("step")) return false;
  if (record["event"] == "validation") return record["step"] <= trainer.validated_step();
  return record["event"] == "log" && record["step"] < trainer.step();
}

std::string lines_before(std::string_view text, const Trainer& trainer) {
  std::string kept;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    if (is_before(text.substr(0, size), trainer)) kept += text.substr(0, size);
    text.remove_prefix(size);
  }
  return kept;
}

/// Where the model's relative paths begin, from `directory`; "" for a model from a string.
std::string home_from(const std::filesystem::path& directory, const CheckedModel& model) {
  if (model.path.empty()) return "";
  std::error_code unknown;
  const std::filesystem::path home = std::filesystem::absolute(model.path, unknown).parent_path();
  return std::filesystem::relative(home, directory, unknown).string();
}

}  // namespace

RunDirectory::RunDirectory(std::filesystem::path path, std::chrono::milliseconds checkpoint_interval)
    : path_(std::move(path)), interval_(checkpoint_interval), lock_(lock_directory(path_)) {}

std::optional<RunDirectory::Found> RunDirectory::checkpoint() {
  if (!holds_training()) return std::nullopt;
  const std::filesystem::path last = path_ / kCheckpoint, previous = path_ / kPrevious;
  const bool has_previous = file_exists(previous);
  std::optional<Error> damage;
  try {
    Found found{read_checkpoint(last), ""};
    last_is_whole_ = true;
    return found;
  } catch (const Error& error) {
    if (!has_previous) throw;
    damage = error;
  }
  try {
    return Found{read_checkpoint(previous), damage->message()};
  } catch (const Error& error) {
    throw damage->note(error.message());
  }
}

bool RunDirectory::holds_training() const {
  return file_exists(path_ / kCheckpoint) || file_exists(path_ / kPrevious);
}

void RunDirectory::follow(Trainer& trainer) {
  trainer_ = &trainer;
  home_ = home_from(path_, trainer.model());
  const std::filesystem::path model = path_ / kModel;
  if (!holds_training() && file_exists(model) && read_whole_file(model) != trainer.model().text)
    throw Error(Status::files,
                model.string() + " is of no training here, and this one's would take its place")
        .set_hint("--out with a directory of its own");
}

void RunDirectory::replace_earlier() {
  const Trainer& trainer = *trainer_;
  const std::filesystem::path metrics = path_ / kMetrics;
  std::string kept;
  if (trainer.step() > 0 && file_exists(metrics)) kept = lines_before(read_whole_file(metrics), trainer);
  for (const char* name : {kModel, kMetrics, kWeights, kCheckpoint, kPrevious}) drop_link(path_ / name);
  // First, so that a kill before it leaves the earlier training as it was, and one after it none to go on
  // with.
  if (trainer.step() == 0) {
    save_checkpoint();
    std::error_code ignored;
    std::filesystem::remove(path_ / kPrevious, ignored);
  }
  write_whole_file(path_ / kModel, trainer.model().text);
  write_whole_file(metrics, kept);
  metrics_ = File::append(metrics);
  save_weights();
  if (trainer.step() > 0) save_checkpoint();
}

void RunDirectory::save() {
  save_weights();
  save_checkpoint();
}

void RunDirectory::save_weights() {
  Weights weights = trainer_->weights();
  weights.home = home_;
  write_whole_file(path_ / kWeights, encode_weights(weights));
}

void RunDirectory::save_checkpoint() {
  const std::string checkpoint = encode_checkpoint(trainer_->checkpoint());
  if (last_is_whole_)
    write_whole_file(path_ / kCheckpoint, checkpoint, path_ / kPrevious);
  else
    write_whole_file(path_ / kCheckpoint, checkpoint);
  last_is_whole_ = true;
  saved_ = std::chrono::steady_clock::now();
}

void RunDirectory::save_if_due() {
  if (std::chrono::steady_clock::now() - saved_ >= interval_) save();
}

void RunDirectory::write_line(std::string line) { metrics_->write(line += '\n'); }

void RunDirectory::started(const StartRecord& record) {
  replace_earlier();
  write_line(to_json_line(record));
}

void RunDirectory::logged(const LogRecord& record) {
  write_line(to_json_line(record));
  save_if_due();
}

void RunDirectory::validated(const ValidationRecord& record) {
  write_line(to_json_line(record));
  save_if_due();
}

void RunDirectory::progressed(const ProgressRecord&) { save_if_due(); }

void RunDirectory::ended(const EndRecord& record) {
  save();
  write_line(to_json_line(record));
  metrics_->sync();
}

}  // namespace talweg
