#include "model/document.hpp"

#include <gtest/gtest.h>

#include <string>
#include <talweg/error.hpp>

#include "model/expression.hpp"

namespace talweg {
namespace {

/// The source text that the first occurrence of `part` in the value of key "k" is placed at.
std::string placed(const std::string& yaml, const std::string& part) {
  const Source source("file", yaml);
  const DocumentNode root = read_document(source);
  const DocumentNode& value = root.entries.front().value;
  const std::size_t at = value.text.find(part);
  if (at == std::string::npos) return "'" + part + "' is not in '" + value.text + "'";
  const Span span = value.place(at, at + part.size());
  return yaml.substr(span.begin, span.end - span.begin);
}

struct Case {
  std::string yaml;
  std::string text;  ///< that YAML reads
  std::string part;  ///< of that text, which stands in the source as it is
};

TEST(Document, KnowsWhereEachPartOfAScalarStands) {
  const std::vector<Case> cases = {
      {"k: plain text", "plain text", "text"},
      {"k:   plain text   # comment", "plain text", "text"},
      {"k: é ü text", "é ü text", "text"},
      {"é: text", "text", "text"},
      {"k: 'quoted text'", "quoted text", "text"},
      {"k: 'it''s a text'", "it's a text", "text"},
      {"k: '''' # text", "'", "'"},
      {"k: \"quoted text\"", "quoted text", "text"},
      {"k: \"a\\tb \\\"c\\\" text\"", "a\tb \"c\" text", "text"},
      {"k: \"\\x41\\u00e9\\U0001F600 text\"", "Aé\U0001F600 text", "text"},
      {"k: \"a\\\n   b text\"", "ab text", "text"},
      {"k: \"a\n\n  b\n  text\"", "a\nb text", "text"},
      {"k: 'a\n  b\n  text'", "a b text", "text"},
      {"k: plain\n  and\n\n  more text", "plain and\nmore text", "text"},
      {"k: >\n  folded\n  text\n", "folded text\n", "text"},
      {"k: >- # comment with text\n  folded\n\n  text\n", "folded\ntext", "text"},
      {"k: |\n  literal\n    indented text\n  end\n", "literal\n  indented text\nend\n", "text"},
      {"k: |2-\n   one\n  text\n", " one\ntext", "text"},
      {"k: plain\r\n  text\r\nl: 1", "plain text", "text"},
  };
  for (const Case& c : cases) {
    const Source source("file", c.yaml);
    const DocumentNode root = read_document(source);
    EXPECT_EQ(root.entries.front().value.text, c.text) << c.yaml;
    EXPECT_EQ(placed(c.yaml, c.part), c.part) << c.yaml;
  }
}

std::string span_text(const Source& source, const Span& span) {
  return std::string(source.text().substr(span.begin, span.end - span.begin));
}

TEST(Document, KnowsWhereValuesBeginAndEnd) {
  const Source source("file", "a: {b: [1, 'x'], \"c\": two words}\nd:\n  - 1\n  - e: |\n      t\n");
  const DocumentNode root = read_document(source);
  const DocumentNode& a = root.entries[0].value;
  EXPECT_EQ(span_text(source, root.entries[0].key.span), "a");
  EXPECT_EQ(span_text(source, a.span), "{b: [1, 'x'], \"c\": two words}");
  EXPECT_EQ(span_text(source, a.entries[0].value.span), "[1, 'x']");
  EXPECT_EQ(span_text(source, a.entries[0].value.items[1].span), "'x'");
  EXPECT_TRUE(a.entries[0].value.items[1].quoted);
  EXPECT_EQ(span_text(source, a.entries[1].key.span), "\"c\"");
  EXPECT_EQ(span_text(source, a.entries[1].value.span), "two words");
  EXPECT_FALSE(a.entries[1].value.quoted);
  const DocumentNode& d = root.entries[1].value;
  EXPECT_EQ(d.kind, DocumentNode::Kind::sequence);
  EXPECT_EQ(d.span.line(), 3);
  EXPECT_EQ(d.items[1].entries[0].value.text, "t\n");
}

TEST(Document, LeavesTypesToWhoeverReadsIt) {
  const Source source("file", "a: no\nb: 0x10\nc: 1e-3\nd: 'null'\ntrue: yes\n");
  const DocumentNode root = read_document(source);
  EXPECT_EQ(root.entries[0].value.text, "no");
  EXPECT_EQ(root.entries[1].value.text, "0x10");
  EXPECT_EQ(root.entries[3].value.text, "null");
  EXPECT_EQ(root.entries[4].key.text, "true");
}

TEST(Document, IsRefusedWhereItIsNotText) {
  for (const std::string& text :
       {std::string("a: \xFF"), std::string("a: \xC3"), std::string("a: \xC0\x80"),
        std::string("a: \xED\xA0\x80"), std::string("a: \xF4\x90\x80\x80"), std::string("a: b\0c", 6),
        std::string("a: \x1B[0m"), std::string("a: b\rc"), std::string("a: \xC2\x85"),
        std::string("a\0:\0 \0b\0", 8)}) {
    const Source source("file", text);
    try {
      static_cast<void>(read_document(source));
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.location().line, 1) << error.what();
    }
  }
}

}  // namespace
}  // namespace talweg
