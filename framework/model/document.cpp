#include "model/document.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <unordered_map>

#include "model/document_text.hpp"
#include "model/place.hpp"
#include "model/scalar_place.hpp"
#include "support/numbers.hpp"

namespace talweg {
namespace {

constexpr std::size_t kMaximumDocumentNodes = 300'000;

std::uint32_t narrow(std::size_t offset) { return static_cast<std::uint32_t>(offset); }

constexpr const char* kQuotesInBraces =
    "within { } and [ ] an expression that has commas or brackets is written in quotes";

/// What YAML in braces makes of an expression with a comma: a key that is the rest of it.
std::string hint_for_commas(const std::string& text) {
  const auto opened = std::count(text.begin(), text.end(), '(') + std::count(text.begin(), text.end(), '[');
  const auto closed = std::count(text.begin(), text.end(), ')') + std::count(text.begin(), text.end(), ']');
  return opened == closed ? "" : kQuotesInBraces;
}

/// Builds the tree from yaml-cpp's events and refuses what a model has no use for.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const Source& source) : source_(source) {}

  [[nodiscard]] std::optional<DocumentNode> take_root() { return std::move(root_); }

  /// The bracket of the innermost list or mapping in brackets that is not closed yet, or nothing.
  [[nodiscard]] std::optional<std::size_t> open_bracket() const {
    for (auto level = open_.rbegin(); level != open_.rend(); ++level) {
      const std::size_t begin = level->node.span.begin;
      if (begin < source_.text().size() && (source_.text()[begin] == '[' || source_.text()[begin] == '{'))
        return begin;
    }
    return std::nullopt;
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    const std::string_view head = source_.text().substr(0, offset(mark));
    for (std::size_t at = 0; at < head.size();) {
      if (head[at] == '%') throw error_at(at_line(at), "a model file has no YAML directives");
      const std::size_t newline = head.find('\n', at);
      if (newline == std::string_view::npos) break;
      at = newline + 1;
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    if (open_.empty()) return;
    if (open_.back().node.kind == DocumentNode::Kind::sequence)
      throw error_at(at_byte(last_mark_before(offset(mark))), "an item of this list is empty");
    if (!open_.back().key) throw error_at(at_byte(offset(mark)), "a key is empty");
    const DocumentNode& key = *open_.back().key;
    throw error_at(key.span, "'" + key.text + "' has no value").set_hint(hint_for_commas(key.text));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw error_at(at_byte(offset(mark)), "a model file has no YAML aliases")
        .set_hint("a value that begins with * is written in quotes");
  }

  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    throw error_at(at_byte(offset(mark)), "a model file has no YAML anchors");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    const std::size_t begin = offset(mark);
    refuse_tag(begin, tag, anchor);
    DocumentNode node;
    node.kind = DocumentNode::Kind::scalar;
    node.quoted = tag == "!";
    node.text = text;
    ScalarPlace place = place_scalar(source_.text(), begin, text);
    if (!place.closed) throw error_at(at_byte(begin), "this quote is never closed");
    node.content = place.content;
    node.offsets = std::move(place.offsets);
    node.span = {&source_, narrow(begin), std::max(place.end, narrow(begin))};
    add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(offset(mark), tag, anchor, DocumentNode::Kind::sequence);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(offset(mark), tag, anchor, DocumentNode::Kind::mapping);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    DocumentNode node;
    std::optional<DocumentNode> key;
    std::unordered_map<std::string, Span> keys;
  };

  [[nodiscard]] std::size_t offset(const YAML::Mark& mark) const {
    return std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), source_.text().size());
  }
  [[nodiscard]] Span at_byte(std::size_t begin) const { return {&source_, narrow(begin), narrow(begin + 1)}; }
  [[nodiscard]] Span at_line(std::size_t begin) const {
    return {&source_, narrow(begin),
            narrow(std::min(source_.text().find('\n', begin), source_.text().size()))};
  }

  /// The '-' or ',' behind which yaml-cpp found nothing up to `end`.
  [[nodiscard]] std::size_t last_mark_before(std::size_t end) const {
    const std::size_t found = source_.text().substr(0, end).find_last_of("-,[");
    return found == std::string_view::npos ? 0 : found;
  }

  void refuse_tag(std::size_t begin, const std::string& tag, YAML::anchor_t anchor) const {
    const char first = begin < source_.text().size() ? source_.text()[begin] : '\0';
    if (anchor != 0 || first == '&') throw error_at(at_byte(begin), "a model file has no YAML anchors");
    if ((!tag.empty() && tag != "?" && tag != "!") || first == '!')
      throw error_at(at_byte(begin), "a model file has no YAML tags")
          .set_hint("the place of a value decides its type");
  }

  void open(std::size_t begin, const std::string& tag, YAML::anchor_t anchor, DocumentNode::Kind kind) {
    refuse_tag(begin, tag, anchor);
    if (open_.size() >= kMaximumDocumentDepth)
      throw error_at(at_byte(begin), "lists and mappings are nested more than " +
                                         std::to_string(kMaximumDocumentDepth) + " deep");
    Open& level = open_.emplace_back();
    level.node.kind = kind;
    level.node.span = {&source_, narrow(begin), narrow(begin)};
  }

  void close() {
    DocumentNode node = std::move(open_.back().node);
    open_.pop_back();
    std::uint32_t end = node.span.begin;
    if (!node.items.empty()) end = node.items.back().span.end;
    if (!node.entries.empty()) end = node.entries.back().value.span.end;
    const char first = end < source_.text().size() ? source_.text()[node.span.begin] : '\0';
    if (first == '[' || first == '{')
      end =
          narrow(std::min(source_.text().find(first == '[' ? ']' : '}', end), source_.text().size() - 1) + 1);
    node.span.end = end;
    add(std::move(node));
  }

  void add(DocumentNode node) {
    if (++count_ > kMaximumDocumentNodes)
      throw error_at(node.span,
                     "the file has more than " + std::to_string(kMaximumDocumentNodes) + " values");
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& level = open_.back();
    if (level.node.kind == DocumentNode::Kind::sequence) {
      level.node.items.push_back(std::move(node));
    } else if (!level.key) {
      add_key(level, std::move(node));
    } else {
      level.node.entries.push_back({std::move(*level.key), std::move(node)});
      level.key.reset();
    }
  }

  static void add_key(Open& level, DocumentNode key) {
    if (key.kind != DocumentNode::Kind::scalar)
      throw error_at(key.span, "a key is " + std::string(describe(key.kind)) + " and not a name");
    const auto [first, added] = level.keys.emplace(key.text, key.span);
    if (!added)
      throw error_at(key.span, "the key '" + key.text + "' is there twice")
          .note("the first is on " + line_of(first->second));
    level.key = std::move(key);
  }

  const Source& source_;
  std::vector<Open> open_;
  std::optional<DocumentNode> root_;
  std::size_t count_ = 0;
};

/// Sees to it that nothing follows the first document.
class NothingMore final : public YAML::EventHandler {
 public:
  explicit NothingMore(const Source& source) : source_(source) {}
  void OnDocumentStart(const YAML::Mark& mark) override {
    const std::size_t begin =
        std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), source_.text().size());
    throw error_at({&source_, narrow(begin), narrow(begin + 1)},
                   "the file's one YAML document ends before this");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
  }
  void OnMapEnd() override {}

 private:
  const Source& source_;
};

/// yaml-cpp's message in plain words, where it needs them.
std::string reworded(const std::string& message) {
  static const std::map<std::string, std::string> kWords = {
      {YAML::ErrorMsg::TAB_IN_INDENTATION, "a tab in the indentation; YAML indents with spaces"},
      {YAML::ErrorMsg::END_OF_SEQ_FLOW, "this '[' is never closed"},
      {YAML::ErrorMsg::END_OF_MAP_FLOW, "this '{' is never closed"},
      {YAML::ErrorMsg::END_OF_MAP, "not a key of this mapping: the indentation or a ':' is wrong"},
      {YAML::ErrorMsg::END_OF_SEQ, "not an item of this list: the indentation or a '-' is wrong"},
      {YAML::ErrorMsg::MAP_VALUE, "a ':' where no value is due"},
      {YAML::ErrorMsg::MAP_KEY, "a key where none is due"},
      {YAML::ErrorMsg::BLOCK_ENTRY, "a '-' where no item is due"},
      {YAML::ErrorMsg::FLOW_END, "a closing bracket that was not opened"},
      {YAML::ErrorMsg::UNKNOWN_TOKEN, "no value begins with this character"},
      {YAML::ErrorMsg::EOF_IN_SCALAR, "the file ends within a quoted text"},
      {YAML::ErrorMsg::UNKNOWN_ANCHOR, "a model file has no YAML aliases"}};
  const auto found = kWords.find(message);
  return found == kWords.end() ? "not YAML: " + message : found->second;
}

bool is_indented_by_tab(std::string_view text, std::size_t at) {
  const std::size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
  const std::size_t end = std::min(text.find_first_not_of(" \t", begin), text.size());
  return text.substr(begin, end - begin).find('\t') != std::string_view::npos;
}

Error yaml_error(const Source& source, const YAML::Exception& exception, const TreeBuilder& builder) {
  const std::string_view text = source.text();
  std::size_t begin = std::min(static_cast<std::size_t>(std::max(exception.mark.pos, 0)), text.size());
  while (begin > 0 && (begin == text.size() || text[begin] == '\n' || text[begin] == '\r')) --begin;
  std::string message = exception.msg;
  if (message == YAML::ErrorMsg::END_OF_SEQ_FLOW || message == YAML::ErrorMsg::END_OF_MAP_FLOW) {
    if (text[begin] == '[' || text[begin] == '{')
      return error_at({&source, narrow(begin), narrow(begin + 1)},
                      std::string("a '") + text[begin] + "' where an entry of a list or mapping ends")
          .set_hint(kQuotesInBraces);
    begin = builder.open_bracket().value_or(begin);
  } else if (is_indented_by_tab(text, begin)) {
    message = YAML::ErrorMsg::TAB_IN_INDENTATION;
  }
  Error error = error_at({&source, narrow(begin), narrow(begin + 1)}, reworded(message));
  if (message == YAML::ErrorMsg::MAP_VALUE)
    error.set_hint("check the indentation; an expression with ': ' in it is written in quotes");
  if (message == YAML::ErrorMsg::UNKNOWN_TOKEN)
    error.set_hint("an expression that begins with this character is written in quotes");
  return error;
}

}  // namespace

Span DocumentNode::place(std::size_t begin, std::size_t end) const {
  if (text.empty()) return span;
  const auto at = [&](std::size_t i) { return offsets.empty() ? content + narrow(i) : offsets[i]; };
  begin = std::min(begin, text.size());
  end = std::clamp(end, begin, text.size());
  const std::uint32_t first = begin == text.size() ? at(begin - 1) + 1 : at(begin);
  return {span.source, first, end == begin ? first : std::max(first, at(end - 1) + 1)};
}

DocumentNode DocumentNode::part(std::size_t begin, std::size_t end) const {
  DocumentNode result;
  result.quoted = quoted;
  result.span = place(begin, end);
  result.text = text.substr(begin, end - begin);
  result.content = result.span.begin;
  if (!offsets.empty())
    result.offsets.assign(offsets.begin() + static_cast<std::ptrdiff_t>(begin),
                          offsets.begin() + static_cast<std::ptrdiff_t>(end));
  return result;
}

std::string_view describe(DocumentNode::Kind kind) {
  switch (kind) {
    case DocumentNode::Kind::scalar:
      return "a text";
    case DocumentNode::Kind::sequence:
      return "a list";
    case DocumentNode::Kind::mapping:
      return "a mapping";
  }
  return "";
}

DocumentNode read_document(const Source& source) {
  check_document_text(source);
  std::istringstream stream{std::string(source.text())};
  TreeBuilder builder(source);
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    std::optional<DocumentNode> root = builder.take_root();
    if (!root) throw error_at({&source, 0, 1}, "the file is empty");
    NothingMore nothing_more(source);
    parser.HandleNextDocument(nothing_more);
    return std::move(*root);
  } catch (const YAML::Exception& exception) {
    throw yaml_error(source, exception, builder);
  }
}

DocumentNode scalar_document(const Source& source) {
  DocumentNode node;
  node.span = {&source, 0, narrow(source.text().size())};
  node.text = source.text();
  return node;
}

}  // namespace talweg
