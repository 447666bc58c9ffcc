package io.lakeloop.session;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Adds the shards' gradients as a binary tree over the shards' numbers has it: 0 + 1, 2 + 3, then
 * both sums, and so on. Neighbours may be added wherever they meet, in the task that computed both
 * or on the driver, and the bits are the same.
 */
final class ShardTree {
  private final List<Block> blocks = new ArrayList<>();

  /**
   * Shards that are added up: {@code size}, a power of two, from {@code first}, a multiple of it.
   */
  record Block(int first, int size, float[] sum) implements Serializable {
    private boolean joins(Block next) {
      return size == next.size && first % (2 * size) == 0 && first + size == next.first;
    }

    private Block with(Block next) {
      return new Block(first, 2 * size, add(sum, next.sum));
    }
  }

  /** Takes the next block, in the order of the shards; its array is the tree's from now on. */
  void take(Block next) {
    Block block = next;
    while (!blocks.isEmpty() && blocks.get(blocks.size() - 1).joins(block)) {
      block = blocks.remove(blocks.size() - 1).with(block);
    }
    blocks.add(block);
  }

  /** What cannot be added up further without other shards. */
  List<Block> blocks() {
    return blocks;
  }

  /** The sum of all: blocks that are left, where there are not 2^n shards, from the right. */
  float[] total() {
    float[] total = blocks.get(blocks.size() - 1).sum();
    for (int i = blocks.size() - 2; i >= 0; i--) {
      total = add(blocks.get(i).sum(), total);
    }
    return total;
  }

  /** Adds to {@code total} in place, and returns it. */
  static float[] add(float[] total, float[] more) {
    for (int i = 0; i < total.length; i++) {
      total[i] += more[i];
    }
    return total;
  }
}
