package io.lakeloop.feedback.duplicates;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.storage.StorageLevel;

/**
 * Connected components: every node ends beside the first of its component. Where there are few
 * edges, one task unites them; else large and small stars alternate (Kiveris et al. 2014,
 * "Connected Components in MapReduce and Beyond"), for about the logarithm of the largest
 * component's size in rounds, each of which moves the edges twice.
 */
final class Clusters {
  private static final int EDGE = 2 * Node.WIDTH;
  private static final int MOST_ROUNDS = 60;

  /** 64 MiB of them: less work for one task than a round of stars is for all. */
  private static final long FEW_EDGES = 1 << 20;

  private Clusters() {}

  /** A node of three longs and its fourth, which travels with it; nodes are ordered by three. */
  static final class Node {
    static final int WIDTH = 4;
    static final int ID = 1;

    private Node() {}

    static int compare(long[] a, int at, long[] b, int bt) {
      for (int i = 0; i < 3; i++) {
        int compared = Long.compare(a[at + i], b[bt + i]);
        if (compared != 0) {
          return compared;
        }
      }
      return 0;
    }
  }

  /**
   * Finds the components.
   *
   * @param edges pairs of nodes, in either direction
   * @return pairs of a node and the first of its component, for all nodes but the first
   */
  static LongBlocks of(LongBlocks edges, int partitions) {
    edges.blocks().persist(StorageLevel.MEMORY_AND_DISK());
    return fingerprint(edges)[0] <= FEW_EDGES
        ? new LongBlocks(EDGE, edges.blocks().coalesce(1).mapPartitions(Clusters::united))
        : byStars(edges, partitions);
  }

  /** Union-find, the first node of a component being its root. */
  private static Iterator<long[]> united(Iterator<long[]> blocks) {
    LongBlocks.Builder all = new LongBlocks.Builder();
    blocks.forEachRemaining(block -> all.add(block, 0, block.length));
    long[] nodes = all.block();
    LongBlocks.Index ids = new LongBlocks.Index(nodes, Node.WIDTH, Node.ID);
    int[] parent = new int[nodes.length / Node.WIDTH];
    Arrays.setAll(parent, node -> ids.first(nodes[node * Node.WIDTH + Node.ID]));
    for (int edge = 0; edge < parent.length; edge += 2) {
      int a = root(parent, edge);
      int b = root(parent, edge + 1);
      boolean inOrder = Node.compare(nodes, a * Node.WIDTH, nodes, b * Node.WIDTH) <= 0;
      parent[inOrder ? b : a] = inOrder ? a : b;
    }
    LongBlocks.Builder tied = new LongBlocks.Builder();
    for (int head : ids.all()) {
      int root = root(parent, head);
      if (root != head) {
        tied.add(nodes, head * Node.WIDTH, Node.WIDTH);
        tied.add(nodes, root * Node.WIDTH, Node.WIDTH);
      }
    }
    return List.of(tied.block()).iterator();
  }

  private static int root(int[] parent, int node) {
    int root = node;
    while (parent[root] != root) {
      parent[root] = parent[parent[root]];
      root = parent[root];
    }
    return root;
  }

  /** The components of any number of edges. */
  static LongBlocks byStars(LongBlocks edges, int partitions) {
    LongBlocks current = edges;
    long[] before = {-1, -1};
    for (int round = 0; round < MOST_ROUNDS; round++) {
      LongBlocks next = small(large(current, partitions), partitions);
      next.blocks().persist(StorageLevel.MEMORY_AND_DISK());
      long[] now = fingerprint(next);
      current.blocks().unpersist();
      current = next;
      if (Arrays.equals(now, before)) {
        return current;
      }
      before = now;
    }
    throw new IllegalStateException("clusters did not settle in " + MOST_ROUNDS + " rounds");
  }

  /** Sums that change when an edge does. */
  private static long[] fingerprint(LongBlocks edges) {
    return edges
        .blocks()
        .map(
            block -> {
              long[] sums = new long[2];
              for (int at = 0; at < block.length; at += EDGE) {
                sums[0]++;
                sums[1] +=
                    (block[at + Node.ID] * 31 + block[at + Node.WIDTH + Node.ID])
                        * 0x9E3779B97F4A7C15L;
              }
              return sums;
            })
        .reduce((a, b) -> new long[] {a[0] + b[0], a[1] + b[1]});
  }

  /** Every neighbour that comes after a node is tied to the first of the node's neighbours. */
  private static LongBlocks large(LongBlocks edges, int partitions) {
    JavaRDD<long[]> both =
        edges
            .blocks()
            .map(
                block -> {
                  LongBlocks.Builder out = new LongBlocks.Builder();
                  for (int at = 0; at < block.length; at += EDGE) {
                    out.add(block, at, EDGE);
                    out.add(block, at + Node.WIDTH, Node.WIDTH);
                    out.add(block, at, Node.WIDTH);
                  }
                  return out.block();
                });
    return stars(both, partitions, true);
  }

  /** Every node is tied to the first of those that come before it, and they to one another. */
  private static LongBlocks small(LongBlocks edges, int partitions) {
    JavaRDD<long[]> downward =
        edges
            .blocks()
            .map(
                block -> {
                  LongBlocks.Builder out = new LongBlocks.Builder();
                  for (int at = 0; at < block.length; at += EDGE) {
                    boolean forward = Node.compare(block, at, block, at + Node.WIDTH) > 0;
                    out.add(block, forward ? at : at + Node.WIDTH, Node.WIDTH);
                    out.add(block, forward ? at + Node.WIDTH : at, Node.WIDTH);
                  }
                  return out.block();
                });
    return stars(downward, partitions, false);
  }

  private static LongBlocks stars(JavaRDD<long[]> edges, int partitions, boolean large) {
    JavaRDD<long[]> tied =
        new LongBlocks(EDGE, edges)
            .partitionBy(Node.ID, partitions)
            .blocks()
            .mapPartitions(in -> List.of(tie(in.next(), large)).iterator());
    return new LongBlocks(EDGE, tied);
  }

  private static long[] tie(long[] block, boolean large) {
    LongBlocks.Index nodes = new LongBlocks.Index(block, EDGE, Node.ID);
    LongBlocks.Builder out = new LongBlocks.Builder();
    for (int head : nodes.all()) {
      int self = head * EDGE;
      long[] least = block;
      int leastAt = self;
      for (int edge = head; edge >= 0; edge = nodes.next(edge)) {
        int neighbour = edge * EDGE + Node.WIDTH;
        if (Node.compare(block, neighbour, least, leastAt) < 0) {
          leastAt = neighbour;
        }
      }
      Set<Long> told = new HashSet<>();
      for (int edge = head; edge >= 0; edge = nodes.next(edge)) {
        int neighbour = edge * EDGE + Node.WIDTH;
        boolean mine = large ? Node.compare(block, neighbour, block, self) > 0 : true;
        if (mine
            && Node.compare(block, neighbour, block, leastAt) != 0
            && told.add(block[neighbour + Node.ID])) {
          out.add(block, neighbour, Node.WIDTH);
          out.add(block, leastAt, Node.WIDTH);
        }
      }
      if (!large && leastAt != self) {
        out.add(block, self, Node.WIDTH);
        out.add(block, leastAt, Node.WIDTH);
      }
    }
    return out.block();
  }
}
