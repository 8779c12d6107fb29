// Arrays in NumPy's format. Headers and elements are what NumPy 1.24 writes for the arrays beside them.

#include "model/data/npy.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "model/data/files.hpp"

namespace talweg {
namespace {

struct Written {
  const char* header;
  const char* elements;
  Shape shape;
  std::vector<double> values;
};

TEST(Npy, ReadsWhatNumPyWrites) {
  const Written cases[] = {
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
       "0000803f 000020c0 00004040 00008040 cdcccc3d caf24971",
       {2, 3},
       {1, -2.5, 3, 4, 0.1F, 1e30F}},
      {"{'descr': '>i2', 'fortran_order': False, 'shape': (2, 2), }",
       "0001 fffe 012c 8000",
       {2, 2},
       {1, -2, 300, -32768}},
      {"{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", "010001", {3}, {1, 0, 1}},
      {"{'descr': '<f2', 'fortran_order': False, 'shape': (4,), }",
       "003c 00c0 ff7b 0100",
       {4},
       {1, -2, 65504, 0x1p-24}},
      {"{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }",
       "0000000000000000 0000000000000840 000000000000f03f 0000000000001040 0000000000000040 "
       "0000000000001440",
       {2, 3},
       {0, 1, 2, 3, 4, 5}},
      {"{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4), }",
       "000c0410 0814010d 05110915 020e0612 0a16030f 07130b17",
       {2, 3, 4},
       {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}},
      {"{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }",
       "ffffffffffffffff 0000000000002000",
       {2},
       {-1, 0x1p53}},
      {"{'descr': '<u8', 'fortran_order': False, 'shape': (), }", "0700000000000000", {}, {7}},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3), }", "", {0, 3}, {}},
      // As Python 2 and other programs write it.
      {"{\"shape\": (2L, ), \"fortran_order\" :True,\"descr\": \"|i1\"}", "01ff", {2}, {1, -1}},
  };
  for (const Written& written : cases) {
    const StoredArray array = read_npy(in_memory(npy_file(written.header, from_hex(written.elements))));
    EXPECT_EQ(array.shape, written.shape) << written.header;
    EXPECT_EQ(values_of(array), written.values) << written.header;
  }
}

TEST(Npy, ReadsVersionsTwoAndThree) {
  const std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\n";
  for (const char version : {char{2}, char{3}}) {
    std::string file = std::string("\x93NUMPY") + version + std::string(1, '\0');
    file += static_cast<char>(header.size());
    file += std::string(3, '\0') + header + "\x05\x06";
    EXPECT_EQ(values_of(read_npy(in_memory(file))), (std::vector<double>{5, 6}));
  }
}

TEST(Npy, RefusesWhatItIsNot) {
  const auto with = [](const std::string& header, const std::string& elements = "") {
    return npy_file(header, elements);
  };
  const auto of_type = [&](const std::string& descr) {
    return with("{'descr': " + descr + ", 'fortran_order': False, 'shape': (1,), }", std::string(16, '\0'));
  };
  const auto of_shape = [&](const std::string& shape) {
    return with("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }", "1234");
  };
  const struct {
    std::string file, said;
  } cases[] = {
      {"", "the file is empty"},
      {"not an array", "at byte 0: it is no NPY file"},
      {"\x93NUMPY\1", "cut short within its header"},
      {std::string("\x93NUMPY\4\0\1\0", 10), "at byte 6: version 4.0 of the NPY format"},
      {std::string("\x93NUMPY\1\0\xff\xff", 10), "at byte 8: a header of 65535 bytes"},
      {of_type("'|O'"), "at byte 20: the elements are Python objects ('|O')"},
      {of_type("[('a', '<i4'), ('b', '<f8')]"), "the array is structured"},
      {of_type("'<U2'"), "the elements are texts ('<U2')"},
      {of_type("'|S3'"), "the elements are texts ('|S3')"},
      {of_type("'<c16'"), "the elements are complex numbers ('<c16')"},
      {of_type("'<M8[D]'"), "the elements are times ('<M8[D]')"},
      {of_type("'<f16'"), "the elements are of type '<f16'"},
      {of_type("'|f1'"), "the elements are of type '|f1'"},
      {of_type("''"), "the elements are of type ''"},
      {of_type("3"), "the type of the elements is due, and this is '3'"},
      {of_shape("(2,)"), "an array of shape (2,) with elements of 4 bytes takes 8 bytes"},
      {of_shape("()") + "5", "at byte 132: an array of shape () with elements of 4 bytes takes 4 bytes"},
      {of_shape("(1)"), "a number as its shape"},
      {of_shape("1"), "'(' is due, and this is '1'"},
      {of_shape("(-1,)"), "a size that is an integer is due, and this is '-'"},
      {of_shape("(4294967296, 4294967296)"), "has more than 1099511627776 elements"},
      {of_shape("(0, 4294967296, 4294967296)"), "has more than 1099511627776 elements"},
      {of_shape("(99999999999999999999,)"), "a size that is an integer is due"},
      {of_shape("(1,1,1,1,1,1,1,1,1,1,1,1,1)"), "a shape of 13 axes"},
      {with("{'descr': '<f4', 'shape': (1,), }", "1234"), "lacks one of its keys"},
      {with("{'descr': '<f4', 'descr': '<f4', 'shape': (1,), }", "1234"), "unknown or there twice"},
      {with("{'descr': '<f4', 'fortran_order': None, 'shape': (1,), }", "1234"), "True or False is due"},
      {with("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } x", "1234"), "the end of the header"},
      {with("", ""), "'{' is due, and this is its end"},
  };
  for (const auto& wrong : cases)
    EXPECT_NE(refusal_of([&] { static_cast<void>(read_npy(in_memory(wrong.file))); }).find(wrong.said),
              std::string::npos)
        << wrong.said << "\n"
        << refusal_of([&] { static_cast<void>(read_npy(in_memory(wrong.file))); });
}

TEST(Npy, DamagedIsRefusedOrAnArray) {
  const std::string file =
      npy_file("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }", std::string(48, '\1'));
  const std::size_t accepted = accepted_when_damaged(
      file, [](const DataBytes& data) { static_cast<void>(values_of(read_npy(data))); });
  // Bits of the elements may turn, those of the padding may not.
  EXPECT_GE(accepted, 48U * 8);
  EXPECT_LT(accepted, 48U * 8 + 10);
}

}  // namespace
}  // namespace talweg
