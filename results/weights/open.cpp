// Formats told apart by their content; those that are not read are told what they are and what would be read.
#include "results/hdf5.hpp"
#include "results/weights/array_file.hpp"
#include "results/weights/idx.hpp"
#include "results/weights/npy.hpp"
#include "results/weights/zip.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

namespace theoremeter::weights {
namespace {

namespace fs = std::filesystem;

struct Foreign {
  std::string_view magic;
  std::string_view hint;
};

using namespace std::string_view_literals;

constexpr std::array foreign{
    Foreign{"MATLAB 5.0"sv, "a MATLAB file before 7.3; save it as save('F.mat', 'W', '-v7.3')"},
    Foreign{"CDF\x01"sv, "a netCDF-3 file; nccopy -k netCDF-4 makes one that is read"},
    Foreign{"CDF\x02"sv, "a netCDF-3 file; nccopy -k netCDF-4 makes one that is read"},
    Foreign{"CDF\x05"sv, "a netCDF-3 file; nccopy -k netCDF-4 makes one that is read"},
    Foreign{"\x1f\x8b"sv, "compressed by gzip; gunzip it"},
    Foreign{"BZh"sv, "compressed by bzip2; bunzip2 it"},
    Foreign{"\xfd"
            "7zXZ"sv,
            "compressed by xz; unxz it"},
    Foreign{"\x28\xb5\x2f\xfd"sv, "compressed by zstd; unzstd it"},
    Foreign{"GGUF"sv, "a GGUF file; a .safetensors, .npz, .npy or HDF5 file is expected"},
};

/// What torch.save pickled first before PyTorch 1.6: 0x1950a86a20f9469cfc6c.
constexpr auto pytorch_magic =
    "\x80\x02\x8a\x0al\xfc\x9c"
    "F\xf9 j\xa8P\x19."sv;

/// A length that fits, and a JSON object.
bool is_safetensors(Bytes& bytes) {
  if (bytes.size() < 10) return false;
  const std::vector<char> head = bytes.head(9);
  return head[8] == '{' && little_endian(head, 0, 8) >= 2 && little_endian(head, 0, 8) < (std::uint64_t{1} << 40);
}

/// The two lines of Python that make an .npz of a PyTorch file.
std::string pytorch_hint(const std::string& path) {
  return fmt::format(
      "a PyTorch file, which only PyTorch reads; in Python: import torch, numpy; numpy.savez('{}.npz', **{{k: "
      "v.float().numpy() for k, v in torch.load('{}', map_location='cpu').items()}})",
      fs::path(path).stem().string(), path);
}

/// .npz, or .keras, in which lies an HDF5 file; what else is a zip archive is told what would be read.
std::unique_ptr<ArrayFile> open_zip(Bytes bytes, const std::string& path) {
  Zip zip(std::move(bytes));
  const auto& members = zip.members();
  const auto called = [&](const std::string& ending) {
    return std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.name.ends_with(ending); });
  };
  if (const auto keras = called("model.weights.h5"); keras != members.end()) return open_hdf5_image(zip.read(*keras));
  if (called("data.pkl") != members.end()) throw Refusal(pytorch_hint(path));
  if (called(".npy") == members.end())
    throw Refusal("a zip archive without arrays; numpy.savez writes one of .npy files");
  return open_npz(std::move(zip));
}

}  // namespace

std::unique_ptr<ArrayFile> open_arrays(const std::string& path) {
  if (fs::is_directory(path)) throw Refusal("a directory; a .npy, .npz, .safetensors or HDF5 file is expected");
  if (!fs::is_regular_file(path))
    throw Refusal("not a regular file; a .npy, .npz, .safetensors or HDF5 file is expected");
  Bytes bytes(path);
  const std::vector<char> head = bytes.head(16);
  const std::string_view magic(head.data(), head.size());
  if (magic.starts_with(npy_magic)) return open_npy(std::move(bytes));
  if (hdf5::is_hdf5(path)) return open_hdf5(path);
  if (magic.starts_with("PK\x03\x04") || magic.starts_with("PK\x05\x06")) return open_zip(std::move(bytes), path);
  if (is_idx(path)) return open_idx(path);
  for (const Foreign& f : foreign)
    if (magic.starts_with(f.magic)) throw Refusal(std::string(f.hint));
  if (magic.starts_with(pytorch_magic)) throw Refusal(pytorch_hint(path));
  if (magic.size() > 1 && magic[0] == '\x80' && magic[1] >= 2 && magic[1] <= 5)
    throw Refusal(
        fmt::format("a pickle, which only Python reads; in Python: import pickle, numpy; numpy.save('W.npy', "
                    "pickle.load(open('{}', 'rb')))",
                    path));
  if (is_safetensors(bytes)) return open_safetensors(std::move(bytes));
  throw Refusal(
      fmt::format("{}neither a .npy, .npz or .safetensors nor an HDF5 file; numpy.save('W.npy', W) writes one",
                  bytes.size() == 0 ? "empty, " : ""));
}

}  // namespace theoremeter::weights
