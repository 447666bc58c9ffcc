package io.lakeloop.lm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.lm.safetensors.SafeTensors;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.GradScope;
import io.lakeloop.lm.torch.Kernels;
import io.lakeloop.lm.torch.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntToDoubleFunction;

/**
 * A decoder-only transformer of one of the families that {@link ModelFamily} knows: one decoder
 * whose parts its config chooses, with a scalar head beside the output head that serves as reward
 * or value.
 *
 * <p>A model is a base alone, or a base seen through an adapter ({@link #adapted}). Models over one
 * base share its weights in memory: policy, reference, reward and value model need it once.
 *
 * <p>Shapes: B rows, T positions, D hidden size, H query heads, K key heads, E head size, V
 * vocabulary.
 */
public final class CausalLm implements AutoCloseable {
  private static final double INITIAL_DEVIATION = 0.02;

  /** Bases up to this size may be held twice while they generate on a CPU. */
  private static final long MAX_PACKED_BYTES = 4L << 30;

  private final Base base;
  private final Adapter adapter;

  private final boolean ownsBase;
  private final Layers layers;

  private CausalLm(Base base, Adapter adapter) {
    this(base, adapter, adapter == null);
  }

  private CausalLm(Base base, Adapter adapter, boolean ownsBase) {
    this.base = base;
    this.adapter = adapter;
    this.ownsBase = ownsBase;
    this.layers = new Layers(base, adapter);
  }

  /** This base as others see it: closing what they were lent leaves it open. */
  public CausalLm lent() {
    if (adapter != null) {
      throw new IllegalStateException("An adapter is not lent: each holder has one of its own.");
    }
    return new CausalLm(base, null, false);
  }

  /** Initialises a new model: normal weights with deviation 0.02, norms 1, biases and head 0. */
  public static CausalLm initialise(LmConfig config, long seed) {
    return initialise(config, seed, Compute.cpu(), Precision.FLOAT32);
  }

  public static CausalLm initialise(
      LmConfig config, long seed, Compute compute, Precision precision) {
    try {
      return built(
          config,
          compute,
          precision,
          memory ->
              (name, shape) -> {
                float[] values = new float[Math.toIntExact(shape.size())];
                for (int i = 0; i < values.length; i++) {
                  values[i] = initialValue(config, name, shape, seed, i);
                }
                return Kernels.cast(memory.constant(values, shape), precision);
              });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static float initialValue(LmConfig config, String name, Shape shape, long seed, int i) {
    if (name.endsWith(".bias")) {
      return 0;
    }
    return shape.dimension() == 1
        ? config.norm() == LmConfig.Norm.RMS_ONE ? 0 : 1
        : (float) (INITIAL_DEVIATION * CounterRandom.gaussian(seed, name.hashCode(), i));
  }

  /**
   * Builds the model from a checkpoint's tensors.
   *
   * @throws io.lakeloop.config.UserError ARTIFACT_CORRUPT if a tensor is missing or has another
   *     shape; it is named
   */
  static CausalLm of(
      LmConfig config,
      Map<String, SafeTensors.Tensor> tensors,
      Compute compute,
      Precision precision)
      throws IOException {
    CausalLm model =
        built(
            config,
            compute,
            precision,
            memory ->
                (name, shape) -> Weights.load(tensors.get(name), name, shape, memory, precision));
    SafeTensors.Tensor head = tensors.get(Linear.SCALAR_HEAD);
    if (head != null) {
      try (NDArray values =
              Weights.load(
                  head,
                  Linear.SCALAR_HEAD,
                  model.scalarHead().getShape(),
                  model.base.memory(),
                  Adapter.precision(precision));
          GradScope off = GradScope.off()) {
        values.copyTo(model.scalarHead());
      } catch (RuntimeException e) {
        model.close();
        throw e;
      }
    }
    return model;
  }

  private static CausalLm built(
      LmConfig config,
      Compute compute,
      Precision precision,
      Function<Compute.Memory, Adapter.Values> source)
      throws IOException {
    return new CausalLm(Base.build(config, compute, precision, source), null);
  }

  /** This model's base through a new adapter, which changes nothing until it is trained. */
  public CausalLm adapted(LoraConfig config, long seed) {
    try {
      Precision precision = Adapter.precision(base.precision());
      return new CausalLm(
          base,
          new Adapter(
              base.config(), config, precision, Adapter.initial(seed, base.memory(), precision)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** This model's base through an adapter whose tensors were read. */
  CausalLm adapted(LoraConfig config, Map<String, SafeTensors.Tensor> tensors) throws IOException {
    Precision precision = Adapter.precision(base.precision());
    Adapter.Values initial = Adapter.initial(0, base.memory(), precision);
    return new CausalLm(
        base,
        new Adapter(
            base.config(),
            config,
            precision,
            (name, shape) ->
                name.endsWith(Linear.SCALAR_HEAD) && !tensors.containsKey(name)
                    ? initial.of(name, shape)
                    : Weights.load(tensors.get(name), name, shape, base.memory(), precision)));
  }

  /** This model's base through an adapter of its own that starts out equal to this one's. */
  public CausalLm copy() {
    if (adapter == null) {
      throw new IllegalStateException("A base is not copied: its weights are shared.");
    }
    try (GradScope off = GradScope.off()) {
      return new CausalLm(
          base,
          new Adapter(
              base.config(),
              adapter.config(),
              adapter.precision(),
              (name, shape) -> adapter.weights().get(name).duplicate()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** True if both see the same base in memory. */
  public boolean sharesBaseWith(CausalLm other) {
    return base == other.base;
  }

  public LmConfig config() {
    return base.config();
  }

  public Precision precision() {
    return base.precision();
  }

  public Compute compute() {
    return base.compute();
  }

  /** Memory on the model's device. */
  public Compute.Memory memory() {
    return base.memory();
  }

  /** The adapter's settings, or null for a base. */
  public LoraConfig lora() {
    return adapter == null ? null : adapter.config();
  }

  /** The weights that training this model changes, by name, in a fixed order. */
  public Map<String, NDArray> parameters() {
    return trained().values();
  }

  private Parameters trained() {
    return adapter == null ? base.weights() : adapter.weights();
  }

  /** Begins to gather the gradients of {@link #parameters}, as passes run backward. */
  public void track() {
    trained().track();
  }

  public boolean isTracked() {
    return trained().isTracked();
  }

  /** What was gathered since {@link #track}, by name. */
  public Map<String, NDArray> gradients() {
    return trained().gradients();
  }

  /** Forgets what was gathered, and gathers no more. */
  public void untrack() {
    trained().untrack();
  }

  /** Number of weights that training this model changes. */
  public long parameterCount() {
    return parameters().values().stream().mapToLong(NDArray::size).sum();
  }

  /** Number of the base's weights. */
  public long baseParameterCount() {
    return base.weights().values().values().stream().mapToLong(NDArray::size).sum();
  }

  /**
   * Shape of one of the model's matrix products.
   *
   * @param readsEmbedding true in front of the first layer's mixing, where nothing below is adapted
   * @param head true for the output head
   */
  public record LinearShape(int inputs, int outputs, boolean readsEmbedding, boolean head) {}

  /** Every linear map that a pass goes through, the output head last. */
  public List<LinearShape> linearShapes() {
    TensorNames names = config().names();
    List<String> mixing = new ArrayList<>();
    for (String part :
        Arrays.asList(
            names.attention().query(), names.attention().key(), names.attention().value())) {
      mixing.add(names.layer(0) + part);
    }
    List<LinearShape> shapes = new ArrayList<>();
    base.linears()
        .values()
        .forEach(
            linear ->
                shapes.add(
                    new LinearShape(
                        linear.inputs(), linear.outputs(), mixing.contains(linear.name()), false)));
    shapes.add(new LinearShape(config().hiddenSize(), config().vocabSize(), false, true));
    return shapes;
  }

  /** Precision that {@link #parameters} of that name are held in. */
  public Precision precisionOf(String name) {
    return adapter == null && !name.equals(Linear.SCALAR_HEAD)
        ? base.precision()
        : Adapter.precision(base.precision());
  }

  /** The base's weights to be written, an adapter merged into them. */
  Map<String, SafeTensors.Source> merged() {
    Map<String, SafeTensors.Source> sources = new LinkedHashMap<>();
    base.weights()
        .values()
        .forEach(
            (name, weight) -> {
              if (!name.equals(Linear.SCALAR_HEAD)) {
                sources.put(name, Weights.source(weight, base.precision()));
              }
            });
    if (adapter != null) {
      base.linears().values().stream()
          .filter(adapter::adapts)
          .forEach(linear -> sources.put(linear.weight(), mergedSource(linear)));
    }
    return sources;
  }

  private SafeTensors.Source mergedSource(Linear linear) {
    NDArray weight = base.weights().get(linear.weight());
    SafeTensors.Source plain = Weights.source(weight, base.precision());
    return new SafeTensors.Source() {
      @Override
      public SafeTensors.Type type() {
        return plain.type();
      }

      @Override
      public long[] shape() {
        return plain.shape();
      }

      @Override
      public void write(SafeTensors.Sink sink) throws IOException {
        try (GradScope off = GradScope.off();
            NDScope scope = new NDScope()) {
          scope.suppressNotUsedWarning();
          NDArray sum = Kernels.cast(weight, adapter.precision()).add(adapter.product(linear));
          Weights.source(Kernels.cast(sum, base.precision()), base.precision()).write(sink);
        }
      }
    };
  }

  /** The scalar head (1, D). */
  NDArray scalarHead() {
    return adapter == null ? base.weights().get(Linear.SCALAR_HEAD) : adapter.scalarHead();
  }

  /** Sets the scalar head to N(0, 1/sqrt(D + 1)), where a reward model starts (D8). */
  public void randomiseScalarHead(long seed) {
    double deviation = 1 / Math.sqrt(config().hiddenSize() + 1);
    fillScalarHead(i -> deviation * CounterRandom.gaussian(seed, Linear.SCALAR_HEAD.hashCode(), i));
  }

  /** Sets the scalar head to 0, where a value head beside a policy starts (D17). */
  public void clearScalarHead() {
    fillScalarHead(i -> 0);
  }

  private void fillScalarHead(IntToDoubleFunction value) {
    float[] head = new float[config().hiddenSize()];
    for (int i = 0; i < head.length; i++) {
      head[i] = (float) value.applyAsDouble(i);
    }
    try (GradScope off = GradScope.off();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      Kernels.cast(memory().constant(head, scalarHead().getShape()), precisionOf(""))
          .copyTo(scalarHead());
    }
  }

  /** How a layer attends: q (B, T, H, E) over k and v (B, T, K, E), to (B, T, H E). */
  @FunctionalInterface
  interface Attention {
    NDArray of(int layer, NDArray q, NDArray k, NDArray v);
  }

  /**
   * Runs the rows through the layers.
   *
   * @param dropoutKey key of the adapter's dropout; 0 for none
   * @param recompute true to keep only what enters each layer, and compute the rest again on the
   *     way back: less memory, a third more work
   */
  public Trace trace(TokenRows rows, long dropoutKey, boolean recompute) {
    NDArray positions = memory().ids(rows.positions(), (long) rows.rows() * rows.width());
    NDArray ids = memory().ids(rows.ids(), rows.rows(), rows.width());
    Layers.Pass pass =
        new Layers.Pass(
            angles(positions, rows.rows(), rows.width()), layers.attention(rows, null), dropoutKey);
    return Trace.run(
        config().layers(),
        () -> layers.embedded(ids, positions),
        base.weights().isTracked(),
        (stage, x) -> layers.stage(stage, x, pass),
        recompute);
  }

  /** Hidden states (B, T, D) of the rows behind the last norm. */
  public NDArray hidden(TokenRows rows) {
    return trace(rows, 0, false).hidden();
  }

  /** Hidden states of new sequences (B, T, D), whose keys and values go into the slots. */
  NDArray prefill(TokenRows rows, KvCache.Writer writer) {
    NDArray positions = memory().ids(rows.positions(), (long) rows.rows() * rows.width());
    NDArray ids = memory().ids(rows.ids(), rows.rows(), rows.width());
    Layers.Pass pass =
        new Layers.Pass(
            angles(positions, rows.rows(), rows.width()), layers.attention(rows, writer), 0);
    return run(layers.embedded(ids, positions), (stage, x) -> layers.stage(stage, x, pass));
  }

  /**
   * Hidden states (n, 1, D) of one further token in each of the slots 0..n-1.
   *
   * @param decode what {@link #decodeWeights} gave
   */
  NDArray next(long[] tokens, long[] lengths, KvCache cache, DecodeWeights decode) {
    int n = tokens.length;
    NDArray positions = memory().ids(lengths, n);
    int width = (int) Arrays.stream(lengths).max().orElseThrow() + 1;
    Layers.Pass pass =
        new Layers.Pass(angles(positions, n, width), cache.attention(lengths, width), 0);
    NDArray embedded = layers.embedded(memory().ids(tokens, n, 1), positions);
    return decode == null
        ? run(embedded, (stage, x) -> layers.stage(stage, x, pass))
        : run(embedded, (stage, x) -> layers.decodeStage(stage, x, pass, decode));
  }

  private NDArray run(NDArray embedded, Trace.Stage stages) {
    NDArray x = embedded;
    for (int stage = 0; stage <= config().layers(); stage++) {
      x = stages.of(stage, x);
    }
    return x;
  }

  private Map<Rope, RopeTable.Angles> angles(NDArray positions, int rows, int needed) {
    Map<Rope, RopeTable.Angles> angles = new HashMap<>();
    base.ropes().forEach((rope, table) -> angles.put(rope, table.at(positions, rows, needed)));
    return angles;
  }

  private NDArray weight(String module) {
    return base.weights().get(module + ".weight");
  }

  /** Logits (n, V) of hidden states (n, D). */
  public NDArray logits(NDArray hidden) {
    return layers.finished(Kernels.linear(hidden, head()));
  }

  /**
   * Weights as generation reads them, to be closed when it is done; null where packing does not pay
   * or takes too much memory, and those that there are serve.
   */
  DecodeWeights decodeWeights() {
    boolean packs =
        !compute().onGpu()
            && base.precision() == Precision.FLOAT32
            && Kernels.canPack()
            && baseParameterCount() * Float.BYTES <= MAX_PACKED_BYTES;
    if (!packs) {
      return null;
    }
    List<List<Linear>> linears = new ArrayList<>();
    for (int layer = 0; layer < config().layers(); layer++) {
      linears.add(Linear.of(config(), layer));
    }
    return new DecodeWeights(
        linears,
        config().gated() && !config().fusedGate() ? 2 : 1,
        this::mergedWeight,
        linear -> base.weights().get(linear.biasName()),
        head());
  }

  /** Weight (outputs, inputs) with the adapter's share. */
  private NDArray mergedWeight(Linear linear) {
    NDArray weight = base.weights().get(linear.weight());
    if (adapter != null && adapter.adapts(linear)) {
      weight = weight.add(adapter.product(linear));
    }
    return linear.transposed() ? weight.transpose() : weight;
  }

  /** Logits (n, V) to be drawn from, of hidden states (n, D). */
  NDArray logits(NDArray hidden, DecodeWeights decode) {
    return decode == null ? logits(hidden) : layers.finished(decode.logits(hidden));
  }

  private NDArray head() {
    TensorNames names = config().names();
    return weight(config().tiedHead() ? names.embedding() : names.head());
  }

  /** The scalar head's value (n) of hidden states (n, D). */
  public NDArray scalars(NDArray hidden) {
    return Kernels.linear(Kernels.cast(hidden, Adapter.precision(base.precision())), scalarHead())
        .squeeze(-1);
  }

  /** Closes the adapter, or, for a base, everything over it. */
  @Override
  public void close() {
    if (adapter != null) {
      adapter.close();
    } else if (ownsBase) {
      base.memory().close();
    }
  }
}
