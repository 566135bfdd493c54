// A thin layer over the HDF5 C library: handles that close themselves, and typed datasets and attributes.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace theoremeter::hdf5 {

/// The library refused, or an object is not what it should be: one line, without the file's name.
class Error : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Owns an identifier and closes it.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  /// Throws Error(what) when id is invalid.
  Handle(hid_t id, Close close, const std::string& what) : id_(id), close_(close) {
    if (id < 0) throw Error(what);
  }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  Handle& operator=(Handle&&) = delete;
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

using Shape = std::vector<hsize_t>;
std::string to_string(const Shape& shape);  // "(3, 4)"

/// Throws Error(what) when the library reports a failure.
void check(herr_t status, const std::string& what);

/// Turns off the library's own printing of errors, as every opening or creating function here does.
bool is_hdf5(const std::string& path);

/// Opens for reading. Throws Error when it is no HDF5 file or a damaged one, is locked, cannot be read or was left open
/// for writing. Where the file system has no locks, none is taken.
Handle open_file(const std::string& path);
/// A file that is already in memory.
Handle open_image(const std::vector<char>& image);

/// Makes an empty file's contents anew, for writing. No lock is taken: some file systems have none.
Handle create_file(const std::string& path);

/// A file in memory, and its bytes once complete.
Handle create_in_memory();
std::vector<char> image(hid_t file);

Handle open_dataset(hid_t location, const std::string& path);
Shape shape_of(hid_t dataset);
/// The length of a dataset along its only axis.
hsize_t length_of(hid_t location, const std::string& name);
bool has_dataset(hid_t location, const std::string& name);
/// The names in a group.
std::vector<std::string> names_in(hid_t group);

/// T: double, std::int64_t, std::uint64_t, std::int8_t (little-endian in the file) or std::string (variable length,
/// UTF-8). Numbers are deflated and carry a Fletcher-32 checksum, so that a flipped bit is noticed when they are read.
template <class T>
Handle write_dataset(hid_t location, const std::string& name, const Shape& shape, const std::vector<T>& values);
/// Throws Error when the dataset is missing, of another type or shape, or cannot be read.
template <class T>
std::vector<T> read_dataset(hid_t location, const std::string& name, const Shape& expected);

/// A dataset to be filled slab by slab. A leading axis may have length 0.
template <class T>
Handle create_dataset(hid_t location, const std::string& name, const Shape& shape);
template <class T>
void write_slab(hid_t dataset, const Shape& start, const Shape& count, const std::vector<T>& values);
/// The dataset, and some of it. Throw Error as read_dataset does.
template <class T>
Handle open_dataset(hid_t location, const std::string& name, const Shape& expected);
template <class T>
std::vector<T> read_slab(hid_t dataset, const Shape& start, const Shape& count);

/// A text of any length as one string, deflated and with a checksum, unlike those of variable length.
void write_text(hid_t location, const std::string& name, const std::string& text);
std::string read_text(hid_t location, const std::string& name);

template <class T>
void write_attribute(hid_t object, const std::string& name, const T& value);
template <class T>
void write_attribute(hid_t object, const std::string& name, const std::vector<T>& values);
template <class T>
T read_attribute(hid_t object, const std::string& name);
template <class T>
std::vector<T> read_attributes(hid_t object, const std::string& name);
bool has_attribute(hid_t object, const std::string& name);

}  // namespace theoremeter::hdf5
