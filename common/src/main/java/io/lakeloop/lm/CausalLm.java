package io.lakeloop.lm;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import io.lakeloop.algorithm.CounterRandom;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A decoder-only transformer in the shape of Llama (Touvron et al. 2023, <a
 * href="https://arxiv.org/abs/2302.13971">2302.13971</a>): RMS norm, rotary positions, gated SiLU,
 * tied output head, and a scalar head beside it that serves as reward or value.
 *
 * <p>Shapes: B sequences, T positions, D hidden size, H heads, V vocabulary. Parameters carry the
 * tensor names of Hugging Face's Llama, and {@code score.weight} (1, D) for the scalar head.
 *
 * <p>No Java number meets an array under autograd: DJL leaves it in a buffer that autograd points
 * to bare, so constants are 0-dim arrays that live as long as the model.
 */
public final class CausalLm implements AutoCloseable {
  static final String SCALAR_HEAD = "score.weight";
  private static final String EMBEDDING = "model.embed_tokens.weight";
  private static final float MASKED = -1e9f;

  private final LmConfig config;
  private final NDManager manager;
  private final Map<String, NDArray> parameters = new LinkedHashMap<>();
  private final NDArray epsilon;
  private final NDArray scale;
  private final NDArray ropeCos;
  private final NDArray ropeSin;

  private CausalLm(LmConfig config, Map<String, SafeTensors.Tensor> tensors) {
    this.config = config;
    this.manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
    tensors.forEach((name, tensor) -> parameters.put(name, owned(tensor)));
    this.epsilon = constant((float) config.rmsNormEpsilon());
    this.scale = constant((float) (1 / Math.sqrt(config.headSize())));
    float[] cos = new float[config.maxPositions() * config.headSize()];
    float[] sin = new float[cos.length];
    fillRotations(cos, sin);
    Shape rotations = new Shape(config.maxPositions(), config.headSize());
    this.ropeCos = owned(cos, rotations);
    this.ropeSin = owned(sin, rotations);
  }

  /** Initialises a new model: normal weights with deviation 0.02, norms 1, scalar head 0. */
  public static CausalLm initialise(LmConfig config, long seed) {
    Map<String, SafeTensors.Tensor> tensors = new LinkedHashMap<>();
    shapes(config)
        .forEach(
            (name, shape) -> {
              float[] values = new float[(int) shape.size()];
              for (int i = 0; i < values.length; i++) {
                values[i] =
                    shape.dimension() == 1
                        ? 1
                        : name.equals(SCALAR_HEAD)
                            ? 0
                            : (float) (0.02 * CounterRandom.gaussian(seed, name.hashCode(), i));
              }
              tensors.put(name, new SafeTensors.Tensor(shape.getShape(), values));
            });
    return new CausalLm(config, tensors);
  }

  /**
   * Builds the model from a checkpoint's tensors.
   *
   * @throws IllegalArgumentException if a tensor is missing or has another shape; it is named
   */
  public static CausalLm of(LmConfig config, Map<String, SafeTensors.Tensor> tensors) {
    Map<String, SafeTensors.Tensor> ordered = new LinkedHashMap<>();
    shapes(config)
        .forEach(
            (name, shape) -> {
              SafeTensors.Tensor tensor = tensors.get(name);
              if (tensor == null || !new Shape(tensor.shape()).equals(shape)) {
                throw new IllegalArgumentException(
                    "Tensor %s must have shape %s, found %s."
                        .formatted(
                            name, shape, tensor == null ? "none" : new Shape(tensor.shape())));
              }
              ordered.put(name, tensor);
            });
    return new CausalLm(config, ordered);
  }

  private static Map<String, Shape> shapes(LmConfig config) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    int d = config.hiddenSize();
    int inner = config.intermediateSize();
    shapes.put(EMBEDDING, new Shape(config.vocabSize(), d));
    for (int layer = 0; layer < config.layers(); layer++) {
      String at = "model.layers." + layer + ".";
      shapes.put(at + "input_layernorm.weight", new Shape(d));
      for (String projection : new String[] {"q_proj", "k_proj", "v_proj", "o_proj"}) {
        shapes.put(at + "self_attn." + projection + ".weight", new Shape(d, d));
      }
      shapes.put(at + "post_attention_layernorm.weight", new Shape(d));
      shapes.put(at + "mlp.gate_proj.weight", new Shape(inner, d));
      shapes.put(at + "mlp.up_proj.weight", new Shape(inner, d));
      shapes.put(at + "mlp.down_proj.weight", new Shape(d, inner));
    }
    shapes.put("model.norm.weight", new Shape(d));
    shapes.put(SCALAR_HEAD, new Shape(1, d));
    return shapes;
  }

  /** Sets the scalar head to N(0, 1/sqrt(D + 1)), where a reward model starts (D8). */
  public void randomiseScalarHead(long seed) {
    double deviation = 1 / Math.sqrt(config.hiddenSize() + 1);
    fillScalarHead(i -> deviation * CounterRandom.gaussian(seed, SCALAR_HEAD.hashCode(), i));
  }

  /** Sets the scalar head to 0, where a value head beside a policy starts (D17). */
  public void clearScalarHead() {
    fillScalarHead(i -> 0);
  }

  private void fillScalarHead(java.util.function.IntToDoubleFunction value) {
    float[] head = new float[config.hiddenSize()];
    for (int i = 0; i < head.length; i++) {
      head[i] = (float) value.applyAsDouble(i);
    }
    try (GradScope off = GradScope.off()) {
      parameters.get(SCALAR_HEAD).set(head);
    }
  }

  public LmConfig config() {
    return config;
  }

  /** Parameters by name, in a fixed order. */
  public Map<String, NDArray> parameters() {
    return parameters;
  }

  public long parameterCount() {
    return parameters.values().stream().mapToLong(NDArray::size).sum();
  }

  /** Copies every parameter out. */
  public Map<String, SafeTensors.Tensor> tensors() {
    Map<String, SafeTensors.Tensor> tensors = new LinkedHashMap<>();
    parameters.forEach(
        (name, array) ->
            tensors.put(
                name, new SafeTensors.Tensor(array.getShape().getShape(), array.toFloatArray())));
    return tensors;
  }

  /**
   * Hidden states of right-padded sequences, all starting at position 0. Causal attention keeps the
   * padding out of every real position.
   *
   * @param tokens ids (B, T)
   * @return (B, T, D)
   */
  public NDArray hidden(int[][] tokens) {
    int length = tokens[0].length;
    NDArray cos = ropeCos.get(new NDIndex(":" + length)).expandDims(0).expandDims(0);
    NDArray sin = ropeSin.get(new NDIndex(":" + length)).expandDims(0).expandDims(0);
    float[] mask = new float[length * length];
    for (int row = 0; row < length; row++) {
      for (int column = row + 1; column < length; column++) {
        mask[row * length + column] = MASKED;
      }
    }
    return hidden(
        tokens,
        cos,
        sin,
        owned(mask, new Shape(1, 1, length, length)),
        (layer, k, v) -> new NDList(k, v));
  }

  /**
   * Hidden states of left-padded sequences whose earlier positions lie in the cache; the new
   * positions are added to it.
   *
   * @param tokens ids (B, T), the columns that follow {@code cache.length()}
   * @param firstReal per sequence, the column of its first real token
   * @return (B, T, D)
   */
  NDArray hidden(int[][] tokens, int[] firstReal, KvCache cache) {
    int batch = tokens.length;
    int fresh = tokens[0].length;
    int start = cache.length();
    int total = start + fresh;
    int[] positions = new int[batch * fresh];
    float[] mask = new float[batch * fresh * total];
    for (int b = 0; b < batch; b++) {
      for (int t = 0; t < fresh; t++) {
        positions[b * fresh + t] = Math.max(0, start + t - firstReal[b]);
        for (int s = 0; s < total; s++) {
          boolean seen = s <= start + t && (s >= firstReal[b] || s == start + t);
          mask[(b * fresh + t) * total + s] = seen ? 0 : MASKED;
        }
      }
    }
    NDArray at = manager.create(positions);
    Shape rotations = new Shape(batch, 1, fresh, config.headSize());
    return hidden(
        tokens,
        rows(ropeCos, at).reshape(rotations),
        rows(ropeSin, at).reshape(rotations),
        owned(mask, new Shape(batch, 1, fresh, total)),
        cache::extend);
  }

  private static NDArray rows(NDArray table, NDArray ids) {
    return ids.getNDArrayInternal().embedding(ids, table, SparseFormat.DENSE).singletonOrThrow();
  }

  /** What attention sees of a layer's keys and values: themselves, or a cache's. */
  @FunctionalInterface
  private interface Attended {
    NDList of(int layer, NDArray keys, NDArray values);
  }

  private NDArray hidden(
      int[][] tokens, NDArray cos, NDArray sin, NDArray mask, Attended attended) {
    int batch = tokens.length;
    int length = tokens[0].length;
    int[] flat = new int[batch * length];
    for (int b = 0; b < batch; b++) {
      System.arraycopy(tokens[b], 0, flat, b * length, length);
    }
    NDArray ids = manager.create(flat, new Shape(batch, length));
    NDArray x = rows(weight(EMBEDDING), ids);
    for (int layer = 0; layer < config.layers(); layer++) {
      String at = "model.layers." + layer + ".";
      NDArray normed = norm(x, at + "input_layernorm.weight");
      x = x.add(attention(normed, layer, at + "self_attn.", cos, sin, mask, attended));
      x = x.add(gated(norm(x, at + "post_attention_layernorm.weight"), at + "mlp."));
    }
    return norm(x, "model.norm.weight");
  }

  private NDArray attention(
      NDArray x, int layer, String at, NDArray cos, NDArray sin, NDArray mask, Attended attended) {
    NDArray q = rotate(heads(linear(x, at + "q_proj.weight")), cos, sin);
    NDArray k = rotate(heads(linear(x, at + "k_proj.weight")), cos, sin);
    NDList kv = attended.of(layer, k, heads(linear(x, at + "v_proj.weight")));
    NDArray weights = q.matMul(kv.get(0).transpose(0, 1, 3, 2)).mul(scale).add(mask).softmax(-1);
    NDArray mixed = weights.matMul(kv.get(1)).transpose(0, 2, 1, 3).reshape(x.getShape());
    return linear(mixed, at + "o_proj.weight");
  }

  private NDArray heads(NDArray x) {
    Shape shape = x.getShape();
    return x.reshape(shape.get(0), shape.get(1), config.heads(), config.headSize())
        .transpose(0, 2, 1, 3);
  }

  /** Rotary positions (Su et al. 2021, 2104.09864), halves as Llama's checkpoints have them. */
  private NDArray rotate(NDArray x, NDArray cos, NDArray sin) {
    NDList halves = x.split(2, 3);
    NDArray turned = halves.get(1).neg().concat(halves.get(0), 3);
    return x.mul(cos).add(turned.mul(sin));
  }

  private NDArray gated(NDArray x, String at) {
    NDArray gate = linear(x, at + "gate_proj.weight");
    NDArray silu = gate.mul(ai.djl.nn.Activation.sigmoid(gate));
    return linear(silu.mul(linear(x, at + "up_proj.weight")), at + "down_proj.weight");
  }

  private NDArray norm(NDArray x, String name) {
    NDArray meanSquare = x.mul(x).mean(new int[] {-1}, true);
    return x.div(meanSquare.add(epsilon).sqrt()).mul(weight(name));
  }

  private NDArray linear(NDArray x, String name) {
    return x.matMul(weight(name).transpose());
  }

  private NDArray weight(String name) {
    return parameters.get(name);
  }

  /** Logits (.., V) of hidden states (.., D), by the tied head. */
  public NDArray logits(NDArray hidden) {
    return linear(hidden, EMBEDDING);
  }

  /** The scalar head's value (B, T) of hidden states (B, T, D). */
  public NDArray scalars(NDArray hidden) {
    return linear(hidden, SCALAR_HEAD).squeeze(-1);
  }

  /** A constant that no closing of Java buffers can pull from under autograd. */
  public NDArray owned(float[] values, Shape shape) {
    try (NDArray borrowed = manager.create(values, shape)) {
      return borrowed.duplicate();
    }
  }

  private NDArray owned(SafeTensors.Tensor tensor) {
    return owned(tensor.values(), new Shape(tensor.shape()));
  }

  private NDArray constant(float value) {
    return owned(new float[] {value}, new Shape());
  }

  private void fillRotations(float[] cos, float[] sin) {
    int size = config.headSize();
    for (int position = 0; position < config.maxPositions(); position++) {
      for (int i = 0; i < size; i++) {
        double frequency = Math.pow(config.ropeTheta(), -2.0 * (i % (size / 2)) / size);
        cos[position * size + i] = (float) Math.cos(position * frequency);
        sin[position * size + i] = (float) Math.sin(position * frequency);
      }
    }
  }

  /** Keys and values (B, H, slots, headSize) of one layer, allocated once per generation. */
  NDArray slots(int batch, int slots) {
    return manager.zeros(
        new Shape(batch, config.heads(), slots, config.headSize()), DataType.FLOAT32);
  }

  @Override
  public void close() {
    manager.close();
  }
}
