// Vectors of the plane and a cell's quadratic 1/2 x'Mx - c'x there, in whatever numbers: doubles, long doubles,
// integers, rationals.
#pragma once

namespace theoremeter {

template <class T>
struct PlaneVector {
  T x, y;
};

template <class T>
PlaneVector<T> operator*(const T& s, const PlaneVector<T>& p) {
  return {s * p.x, s * p.y};
}
template <class T>
PlaneVector<T> operator+(const PlaneVector<T>& p, const PlaneVector<T>& q) {
  return {p.x + q.x, p.y + q.y};
}
template <class T>
PlaneVector<T> operator-(const PlaneVector<T>& p, const PlaneVector<T>& q) {
  return {p.x - q.x, p.y - q.y};
}
template <class T>
T dot(const PlaneVector<T>& p, const PlaneVector<T>& q) {
  return p.x * q.x + p.y * q.y;
}
/// Positive where q lies counterclockwise from p, within a half circle.
template <class T>
T cross(const PlaneVector<T>& p, const PlaneVector<T>& q) {
  return p.x * q.y - p.y * q.x;
}
/// p turned by a right angle, counterclockwise.
template <class T>
PlaneVector<T> turned(const PlaneVector<T>& p) {
  return {-p.y, p.x};
}

template <class T>
struct PlaneQuadratic {
  T m11, m12, m22, c1, c2;

  PlaneVector<T> c() const { return {c1, c2}; }
  PlaneVector<T> times(const PlaneVector<T>& x) const {  // Mx
    return {m11 * x.x + m12 * x.y, m12 * x.x + m22 * x.y};
  }
  PlaneVector<T> gradient(const PlaneVector<T>& x) const { return times(x) - c(); }
  T determinant() const { return m11 * m22 - m12 * m12; }
  /// The solution of Mx = c, times the determinant.
  PlaneVector<T> adjugate_times_c() const { return {m22 * c1 - m12 * c2, m11 * c2 - m12 * c1}; }
};

template <class T>
T form(const PlaneQuadratic<T>& q, const PlaneVector<T>& v, const PlaneVector<T>& w) {  // v'Mw
  return dot(v, q.times(w));
}
template <class T>
T linear(const PlaneQuadratic<T>& q, const PlaneVector<T>& v) {  // v'c
  return dot(v, q.c());
}
/// At r p the derivative along t = turned(p) is r t'Mp - t'c; this is a = p'Mp times it, at r = b/a, b = p'c.
template <class T>
T turning(const PlaneQuadratic<T>& q, const PlaneVector<T>& p) {
  const PlaneVector<T> t = turned(p);
  return linear(q, p) * form(q, t, p) - form(q, p, p) * linear(q, t);
}

}  // namespace theoremeter
