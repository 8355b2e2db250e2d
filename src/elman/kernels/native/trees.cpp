// Maximum spanning dependency trees from label scores. Names and evaluation order follow reference/trees.py, so that
// ties are broken alike.
#include "trees.hpp"

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "simd.hpp"

namespace elman {
namespace {

constexpr double NEVER = -std::numeric_limits<double>::infinity();
constexpr float LEAST = -69.077553f;  // log 1e-30

struct Arc {
  Id head, word;
};

// A graph whose cycles are contracted to single nodes. The arc from u to v is at [v · size + u].
class Graph {
 public:
  void start(const std::vector<double>& weights, Size size) {
    n_ = size;
    w_ = weights;
    arc_.resize(weights.size());
    node_.resize(static_cast<std::size_t>(size));
    for (Size v = 0; v < size; ++v) {
      node_[at(v)] = static_cast<Id>(v);
      for (Size u = 0; u < size; ++u) arc_[at(v * size + u)] = {static_cast<Id>(u), static_cast<Id>(v)};
    }
    parent_.assign(at(size), -1);
    circles_.clear(), ends_.clear(), members_.clear();
  }
  // Writes the heads of words 1, 2, …: Edmonds' algorithm on a path that grows from dependent to head.
  void tree(Id* heads) {
    std::vector<char> done(at(n_), 0), on(at(n_), 0);
    chosen_.assign(at(2 * n_), Arc{-1, -1});
    done[0] = 1;
    std::vector<Size> path;
    for (Size first = 1; first < n_; ++first) {
      if (done[at(first)]) continue;
      path.assign(1, first), on[at(first)] = 1;
      while (!done[at(path.back())]) {
        const Size before = best_head(path.back());
        if (!on[at(before)]) {
          path.push_back(before), on[at(before)] = 1;
          continue;
        }
        std::size_t i = 0;
        while (path[i] != before) ++i;
        contract(&path[i], path.size() - i);
        for (std::size_t j = i + 1; j < path.size(); ++j) done[at(path[j])] = 1, on[at(path[j])] = 0;
        path.resize(i + 1);
      }
      for (std::size_t i = 0; i + 1 < path.size(); ++i)
        chosen_[at(node_[at(path[i])])] = arc_[at(path[i] * n_ + path[i + 1])];
      for (Size row : path) done[at(row)] = 1, on[at(row)] = 0;
    }
    for (std::size_t k = circles_.size(); k-- > 0;) {
      const Arc in = chosen_[at(circles_[k])];
      Id broken = in.word;
      while (parent_[at(broken)] != circles_[k]) broken = parent_[at(broken)];
      for (std::size_t i = k ? ends_[k - 1] : 0; i < ends_[k]; ++i) chosen_[at(members_[i].first)] = members_[i].second;
      chosen_[at(broken)] = in;
    }
    for (Size v = 1; v < n_; ++v) heads[v - 1] = chosen_[at(v)].head;
  }

 private:
  static std::size_t at(Size i) { return static_cast<std::size_t>(i); }
  Size best_head(Size v) const {
    const double* row = &w_[at(v * n_)];
    Size best = 0;
    for (Size u = 1; u < n_; ++u)
      if (row[u] > row[best]) best = u;
    return best;
  }
  // Contracts a cycle to one node in the row of its first member; the head of each member is the next one.
  void contract(const Size* rows, std::size_t many) {
    const Id made = static_cast<Id>(parent_.size());
    const Size keep = rows[0];
    std::vector<double> breaks(many);
    for (std::size_t i = 0; i < many; ++i) {
      const Size v = rows[i], u = rows[(i + 1) % many];
      members_.push_back({node_[at(v)], arc_[at(v * n_ + u)]});
      parent_[at(node_[at(v)])] = made;
      breaks[i] = w_[at(v * n_ + u)];
    }
    parent_.push_back(-1);
    circles_.push_back(made), ends_.push_back(members_.size());
    // arcs out of the cycle: the best over its members
    for (Size v = 0; v < n_; ++v) {
      Size source = rows[0];
      for (std::size_t i = 1; i < many; ++i)
        if (w_[at(v * n_ + rows[i])] > w_[at(v * n_ + source)]) source = rows[i];
      out_w_.push_back(w_[at(v * n_ + source)]), out_arc_.push_back(arc_[at(v * n_ + source)]);
    }
    // arcs into the cycle: at the member where breaking the cycle costs least
    for (Size u = 0; u < n_; ++u) {
      std::size_t best = 0;
      double most = w_[at(rows[0] * n_ + u)] - breaks[0];
      for (std::size_t i = 1; i < many; ++i) {
        const double one = w_[at(rows[i] * n_ + u)] - breaks[i];
        if (one > most) most = one, best = i;
      }
      arc_[at(keep * n_ + u)] = arc_[at(rows[best] * n_ + u)];
      w_[at(keep * n_ + u)] = most;
    }
    for (Size v = 0; v < n_; ++v) {
      for (std::size_t i = 0; i < many; ++i) w_[at(v * n_ + rows[i])] = NEVER;
      w_[at(v * n_ + keep)] = out_w_[at(v)];
      arc_[at(v * n_ + keep)] = out_arc_[at(v)];
    }
    for (std::size_t i = 0; i < many; ++i) w_[at(keep * n_ + rows[i])] = NEVER;
    out_w_.clear(), out_arc_.clear();
    node_[at(keep)] = made;
  }

  Size n_ = 0;
  std::vector<double> w_, out_w_;
  std::vector<Arc> arc_, out_arc_, chosen_;
  std::vector<Id> node_, parent_, circles_;
  std::vector<std::size_t> ends_;
  std::vector<std::pair<Id, Arc>> members_;
};

bool is_tree(const Id* heads, Size n, std::vector<Id>& reached) {
  Size roots = 0;
  for (Size i = 0; i < n; ++i) roots += heads[i] == 0;
  if (roots != 1) return false;
  reached.assign(static_cast<std::size_t>(n) + 1, 0);
  reached[0] = -1;
  for (Id start = 1; start <= n; ++start) {
    Id at = start;
    while (!reached[static_cast<std::size_t>(at)]) reached[static_cast<std::size_t>(at)] = start, at = heads[at - 1];
    if (reached[static_cast<std::size_t>(at)] == start) return false;
  }
  return true;
}

// Finds the trees of one sentence after another, reusing its buffers.
class Trees {
 public:
  std::vector<double> weights;  // (n + 1, n + 1), the arc from u to word v at [v, u]
  void best(Id* heads, Size n) {
    const Size size = n + 1;
    double low = std::numeric_limits<double>::infinity(), high = NEVER;
    for (Size v = 1; v < size; ++v)
      for (Size u = 0; u < size; ++u) {
        const double x = at(v, u, size);
        if (u != v && std::isfinite(x)) low = x < low ? x : low, high = x > high ? x : high;
      }
    if (high == NEVER) low = high = 0;
    const double missing = low - (high - low + 1) * double(size);
    for (Size v = 1; v < size; ++v) {
      Size best = 0;
      at(v, v, size) = NEVER;
      for (Size u = 0; u < size; ++u)
        if (u != v && !std::isfinite(at(v, u, size))) at(v, u, size) = missing;
      for (Size u = 1; u < size; ++u)
        if (at(v, u, size) > at(v, best, size)) best = u;
      heads[v - 1] = static_cast<Id>(best);
    }
    for (Size u = 0; u < size; ++u) at(0, u, size) = NEVER;
    if (is_tree(heads, n, reached_)) return;
    graph_.start(weights, size), graph_.tree(heads);
    Size roots = 0;
    for (Size i = 0; i < n; ++i) roots += heads[i] == 0;
    if (roots == 1) return;
    const double penalty = (high - missing + 1) * double(n);
    for (Size v = 1; v < size; ++v) at(v, 0, size) -= penalty;
    graph_.start(weights, size), graph_.tree(heads);
  }
  double& at(Size v, Size u, Size size) { return weights[static_cast<std::size_t>(v * size + u)]; }

 private:
  Graph graph_;
  std::vector<Id> reached_;
};

// to (K,) = max(log softmax of from, LEAST); returns its minimum.
float log_softmax(const float* from, float* to, Size K) {
  const float most = max_of(from, K);
  for (Size k = 0; k < K; ++k) to[k] = from[k] - most;
  float total = 0;
  Size k = 0;
  Vec<float> sums{};
  for (; k + W<float> <= K; k += W<float>) sums += exp_of(load(to + k));
  for (; k < K; ++k) total += std::exp(to[k]);
  const float log_total = std::log(total + sum_of<float>(sums));
  float least = 0;
  for (k = 0; k < K; ++k) {
    const float x = to[k] - log_total;
    to[k] = x > LEAST ? x : LEAST;
    least = to[k] < least ? to[k] : least;
  }
  return least;
}

}  // namespace

void best_tree(const double* scores, Id* heads, Size N) {
  Trees trees;
  trees.weights.assign(static_cast<std::size_t>((N + 1) * (N + 1)), NEVER);
  for (Size u = 0; u <= N; ++u)
    for (Size v = 0; v < N; ++v) trees.at(v + 1, u, N + 1) = scores[u * N + v];
  if (N) trees.best(heads, N);
}

void arc_trees(const float* scores, const Id* lengths, Id* heads, Size C, Size B) {
  Trees trees;
  for (Size b = 0; b < B; ++b) {
    const Size n = lengths[b], candidates = n < C - 1 ? n : C - 1;
    trees.weights.assign(static_cast<std::size_t>((n + 1) * (n + 1)), NEVER);
    for (Size v = 0; v < n; ++v, scores += C)
      for (Size u = 0; u <= candidates; ++u) trees.at(v + 1, u, n + 1) = double(scores[u]);
    if (n) trees.best(heads, n);
    heads += n;
  }
}

void best_trees(const float* labels, const float* relations, const Id* lengths, const Id* kinds, const Id* columns,
                const float* ratios, double weight, Id* heads, Size L, Size R, Size T, Size F, Size root, Size D,
                Size sentences) {
  const Size far = F / 2, near = D / 2;
  const float power = static_cast<float>(weight);
  expect(F % 2 == 1 && D % 2 == 0, "columns (T, 2F + 1), ratios (T, T, 2G, R)");
  for (Size i = 0; i < T * F; ++i)
    if (columns[i] < 0 || columns[i] > L) throw nb::index_error("a column is none of the labels");
  Trees trees;
  std::vector<float> known, p(static_cast<std::size_t>(R));
  std::vector<Size> seen(static_cast<std::size_t>(T));
  Size begin = 0;
  for (Size b = 0; b < sentences; ++b) {
    const Size n = lengths[b], size = n + 1;
    const Id* kind = kinds + begin;
    known.resize(static_cast<std::size_t>(n * L));
    trees.weights.assign(static_cast<std::size_t>(size * size), NEVER);
    float least = 0;
    for (Size v = 0; v < n; ++v) {
      const float own = log_softmax(labels + (begin + v) * L, known.data() + v * L, L);
      least = own < least ? own : least;
    }
    least -= 1;  // the score of arcs that no label denotes
    for (Size v = 0; v < n; ++v) {
      const float* own = known.data() + v * L;
      log_softmax(relations + (begin + v) * R, p.data(), R);
      map(p.data(), R, [](Vec<float> x) { return exp_of(x); });
      const auto score = [&](Size head_kind, Size where, Id column) {
        const float* ratio = ratios + ((head_kind * T + kind[v]) * 2 * near + where) * R;
        const float said = dot(static_cast<const float*>(p.data()), ratio, R);
        return double(column < L ? own[column] : least) + double(power * std::log(said > 1e-30f ? said : 1e-30f));
      };
      trees.at(v + 1, 0, size) = score(T - 1, near, static_cast<Id>(root));
      for (int side = -1; side <= 1; side += 2) {
        seen.assign(seen.size(), 0);
        for (Size u = v + side; u >= 0 && u < n; u += side) {
          Size& many = seen[static_cast<std::size_t>(kind[u])];
          many += 1;
          const Size number = side * (many < far ? many : far), distance = u - v;
          const Size where = side < 0 ? (distance > -near ? distance : -near) + near
                                      : (distance < near ? distance : near) + near - 1;
          trees.at(v + 1, u + 1, size) = score(kind[u], where, columns[kind[u] * F + number + far]);
        }
      }
    }
    if (n) trees.best(heads + begin, n);
    begin += n;
  }
}

}  // namespace elman
