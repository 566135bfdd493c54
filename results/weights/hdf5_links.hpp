// What an HDF5 file holds, by every name it has: hard, soft and external links are followed.
#pragma once

#include "results/hdf5.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace theoremeter::weights {

struct Link {
  std::string name;
  std::int64_t created = -1;  // among its neighbours; -1 when the group does not keep it
};

/// The links of a group, by name.
std::vector<Link> links(hid_t group);

/// The object that a link leads to, a group or a dataset; nothing when it leads nowhere.
std::optional<hdf5::Handle> follow(hid_t group, const std::string& name);

/// Tells an object from all others, in this file and in others.
std::pair<unsigned long, haddr_t> identity(hid_t object);

/// Texts of an attribute, of fixed or variable length; none when there is no such attribute.
std::vector<std::string> texts(hid_t object, const std::string& attribute);
/// Numbers of an attribute; none when there is no such attribute. Throws hdf5::Error for other contents.
std::vector<double> numbers(hid_t object, const std::string& attribute);
/// The one number of an attribute; nothing when there is no such attribute. Throws hdf5::Error for other contents.
std::optional<double> number(hid_t object, const std::string& attribute);

}  // namespace theoremeter::weights
