// Vectors of space and a cell's quadratic 1/2 x'Mx - c'x there, in whatever numbers: balls, integers, rationals.
#pragma once

namespace theoremeter {

template <class T>
struct SpaceVector {
  T x{}, y{}, z{};
};

template <class T>
SpaceVector<T> operator*(const T& s, const SpaceVector<T>& p) {
  return {T(s * p.x), T(s * p.y), T(s * p.z)};
}
template <class T>
SpaceVector<T> operator+(const SpaceVector<T>& p, const SpaceVector<T>& q) {
  return {T(p.x + q.x), T(p.y + q.y), T(p.z + q.z)};
}
template <class T>
SpaceVector<T> operator-(const SpaceVector<T>& p, const SpaceVector<T>& q) {
  return {T(p.x - q.x), T(p.y - q.y), T(p.z - q.z)};
}
template <class T>
SpaceVector<T> operator-(const SpaceVector<T>& p) {
  return {T(-p.x), T(-p.y), T(-p.z)};
}
template <class T>
T dot(const SpaceVector<T>& p, const SpaceVector<T>& q) {
  return p.x * q.x + p.y * q.y + p.z * q.z;
}
template <class T>
SpaceVector<T> cross(const SpaceVector<T>& p, const SpaceVector<T>& q) {
  return {T(p.y * q.z - p.z * q.y), T(p.z * q.x - p.x * q.z), T(p.x * q.y - p.y * q.x)};
}

/// The rows of a symmetric matrix.
template <class T>
struct SpaceForm {
  SpaceVector<T> row1, row2, row3;

  SpaceVector<T> times(const SpaceVector<T>& x) const { return {dot(row1, x), dot(row2, x), dot(row3, x)}; }
  void add_square(const SpaceVector<T>& h) {  // hh'
    row1 = row1 + h.x * h;
    row2 = row2 + h.y * h;
    row3 = row3 + h.z * h;
  }
  T trace() const { return row1.x + row2.y + row3.z; }
  T determinant() const { return dot(row1, cross(row2, row3)); }
  /// The solution of Mx = c, times the determinant.
  SpaceVector<T> adjugate_times(const SpaceVector<T>& c) const {
    return {dot(cross(row2, row3), c), dot(cross(row3, row1), c), dot(cross(row1, row2), c)};
  }
};

template <class T>
struct SpaceQuadratic {
  SpaceForm<T> M;
  SpaceVector<T> c;

  SpaceVector<T> gradient(const SpaceVector<T>& x) const { return M.times(x) - c; }
};

}  // namespace theoremeter
