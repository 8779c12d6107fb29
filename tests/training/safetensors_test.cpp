#include "training/safetensors.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <talweg/error.hpp>

namespace talweg {
namespace {

TensorFile example() {
  return {{{"w", {2, 2}, DType::float64, {0.1, -0.0, std::numeric_limits<double>::infinity(), 5e-324}},
           {"b", {}, DType::float32, {0.5}},
           {"empty", {0, 3}, DType::float32, {}},
           {"n", {1}, DType::int64, {-7}}},
          {{"step", "20"}, {"model", "a: \"b\"\n"}}};
}

/// A file with this header and these data, as somebody else writes it.
std::string file_with(const std::string& header, const std::string& data = "") {
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size() % 256);
  return bytes + header + data;
}

std::string refusal(const std::string& bytes) {
  try {
    static_cast<void>(decode_safetensors(bytes, "f"));
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::files);
    return error.message();
  }
  return "accepted";
}

TEST(Safetensors, ReadBackWhatWasWritten) {
  const TensorFile expected = example();
  const std::string bytes = encode_safetensors(expected);
  const TensorFile file = decode_safetensors(bytes, "f");
  ASSERT_EQ(file.tensors.size(), expected.tensors.size());
  for (std::size_t i = 0; i < expected.tensors.size(); ++i) {
    EXPECT_EQ(file.tensors[i].name, expected.tensors[i].name);
    EXPECT_EQ(file.tensors[i].shape, expected.tensors[i].shape);
    EXPECT_EQ(file.tensors[i].dtype, expected.tensors[i].dtype);
    EXPECT_EQ(file.tensors[i].values, expected.tensors[i].values);
  }
  EXPECT_TRUE(std::signbit(file.tensors[0].values[1]));
  EXPECT_EQ(*file.find_metadata("step"), "20");
  EXPECT_EQ(*file.find_metadata("model"), "a: \"b\"\n");
  EXPECT_EQ(file.find_metadata("other"), nullptr);
}

TEST(Safetensors, FollowThePublicFormat) {
  const std::string bytes = encode_safetensors({{{"b", {1}, DType::float32, {0.5}}}, {}});
  const std::size_t header = static_cast<unsigned char>(bytes[0]);
  EXPECT_EQ(header % 8, 0U) << "elements are aligned";
  EXPECT_EQ(bytes.substr(1, 7), std::string(7, '\0'));
  EXPECT_EQ(bytes.size(), 8 + header + 4);
  EXPECT_NE(bytes.find(R"("b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})"), std::string::npos);
  EXPECT_EQ(bytes.substr(8 + header), std::string("\0\0\0\x3F", 4));
}

TEST(Safetensors, ByOthersNeedNoChecksum) {
  const TensorFile file =
      decode_safetensors(file_with(R"({"b":{"dtype":"I64","shape":[],"data_offsets":[0,8]}})",
                                   std::string("\5\0\0\0\0\0\0\0", 8)),
                         "f");
  EXPECT_EQ(file.tensors.at(0).values, std::vector<double>{5});
}

TEST(Safetensors, ThatAreCutShortAnywhereAreRefused) {
  const std::string bytes = encode_safetensors(example());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_NE(refusal(bytes.substr(0, size)), "accepted") << size << " bytes";
  EXPECT_NE(refusal(bytes + '\0'), "accepted");
}

TEST(Safetensors, WithAChangedElementAreRefused) {
  std::string bytes = encode_safetensors(example());
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  EXPECT_EQ(refusal(bytes), "f: it is damaged: the checksum of tensor 'n' is not that of its content");
}

struct Wrong {
  std::string header;
  std::string expected;
};

const Wrong kWrong[] = {
    {"[]", "f: it is no safetensors file: it does not begin with a header"},
    {"{\"b\":", "f: it is damaged: its header is no JSON object"},
    {R"({"b":{"dtype":"F32","shape":[1]}})",
     "f: it is damaged: the header's entry of tensor 'b' is incomplete"},
    {R"({"b":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})",
     "f: it is damaged: the header's entry of tensor 'b' is incomplete"},
    {R"({"b":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}})",
     "f: tensor 'b' is of type BF16; F32, F64 and I64 are read"},
    {R"({"b":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}})",
     "f: tensor 'b': shape (4294967296, 4294967296) has more than 1099511627776 elements"},
    {R"({"b":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})",
     "f: it is damaged: tensor 'b' is (2,) and has 4 bytes instead of 8"},
    {R"({"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
     "f: it is damaged: it ends before tensor 'b' does"},
    {R"({"b":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})",
     "f: its tensors do not account for all of its bytes"},
    {R"({"__metadata__":{"a":1},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
     "f: it is damaged: its metadata 'a' is no text"},
};

TEST(Safetensors, ThatAreWrongAreRefusedWithTheReason) {
  for (const Wrong& wrong : kWrong)
    EXPECT_EQ(refusal(file_with(wrong.header, std::string(4, '\0'))), wrong.expected);
}

}  // namespace
}  // namespace talweg
