package io.lakeloop.session;

import io.lakeloop.lm.LmConfig;

/**
 * About how much memory training a model takes on one machine, in bytes. What grows with the model
 * is counted exactly; what one microbatch leaves behind is counted as the arrays that a layer's way
 * back reads, for every token at once:
 *
 * <pre>
 *   activations = 4 x tasks x tokens x (layers x (12 D + 3 (H + 2 K) E + 4 I) + 3 V)
 *   SFT, whole  = 4 P x (weights, gradient and two moments: 4; weights and gradient of each task: 2)
 *                 + activations
 *   SFT, LoRA   = b P + 4 A x (4 + 2 tasks) + activations
 *   PPO, LoRA   = b P + 4 P x tasks where generation packs the weights
 *                 + 3 x 4 A x (4 + 2 tasks) + cache + 2 x activations (policy and value model)
 *   cache       = 4 x tasks x tokens x layers x 2 K E
 * </pre>
 *
 * with P weights, A adapter weights, b bytes a weight of the base (4 in float32, 2 in bfloat16), D
 * hidden size, I intermediate size, H query heads and K key heads of E features, V vocabulary. Java
 * and Spark take a gibibyte beside it. Recomputation divides the layers' part by their number.
 *
 * @param tasks that train on the machine at once
 * @param tokens rows of a microbatch times their length
 * @param rank of the adapters, on all linear maps
 */
public record MemoryNeed(LmConfig model, int tasks, long tokens, int rank) {
  private static final long JAVA = 1L << 30;
  private static final long MOST_PACKED = 4L << 30;

  /** Training all weights by SFT, in single precision. */
  public long sftWhole() {
    return JAVA + trained(model.parameters()) + activations();
  }

  /**
   * Training an adapter by SFT.
   *
   * @param bytes of a weight of the base
   */
  public long sftLora(int bytes) {
    return JAVA + bytes * model.parameters() + adapters() + activations();
  }

  /** Training an adapter by PPO: reference, reward and value model are adapters over one base. */
  public long ppoLora(int bytes) {
    long packed = 4 * model.parameters();
    return JAVA
        + bytes * model.parameters()
        + (bytes == 4 && packed <= MOST_PACKED ? packed * tasks : 0)
        + 3 * adapters()
        + 4 * tasks * tokens * model.layers() * 2 * model.kvHeads() * model.headSize()
        + 2 * activations();
  }

  private long adapters() {
    return trained(model.adapterParameters(rank));
  }

  /** Weights, gradient and moments here, weights and gradient in each task. */
  private long trained(long weights) {
    return 4 * weights * (4 + 2 * tasks);
  }

  private long activations() {
    long heads = (long) (model.heads() + 2 * model.kvHeads()) * model.headSize();
    long layer = 12L * model.hiddenSize() + 3 * heads + 4L * model.intermediateSize();
    return 4 * tasks * tokens * (model.layers() * layer + 3L * model.vocabSize());
  }
}
