package io.lakeloop.lm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.Kernels;
import java.util.List;
import java.util.Map;

/**
 * What happens to a pass between the embedding and the logits, put together from the parts that the
 * config names. Shapes as in {@link CausalLm}.
 *
 * @param adapter or null
 */
record Layers(Base base, Adapter adapter) {

  /**
   * Everything that one pass through the layers needs beside its input.
   *
   * @param angles of each of the model's ropes
   * @param dropoutKey key of the adapter's dropout; 0 for none
   */
  record Pass(Map<Rope, RopeTable.Angles> angles, CausalLm.Attention attention, long dropoutKey) {}

  private LmConfig config() {
    return base.config();
  }

  private TensorNames names() {
    return config().names();
  }

  private NDArray weight(String module) {
    return base.weights().get(module + ".weight");
  }

  /** Embedded tokens (B, T, D) of the ids (B, T). */
  NDArray embedded(NDArray ids, NDArray positions) {
    NDArray tokens = Kernels.embedding(weight(names().embedding()), ids);
    NDArray x = scaled(tokens, config().scales().embedding());
    return names().positions() == null
        ? x
        : x.add(Kernels.embedding(weight(names().positions()), positions.reshape(ids.getShape())));
  }

  private static NDArray scaled(NDArray x, double factor) {
    return factor == 1 ? x : Kernels.scaled(x, factor);
  }

  /** A layer, or behind the last one its closing norm. */
  NDArray stage(int stage, NDArray x, Pass pass) {
    if (stage == config().layers()) {
      return norm(x, names().finalNorm());
    }
    String at = names().layer(stage);
    NDArray attended = attend(stage, normed(x, at, names().norms().attention()), at, pass);
    NDArray first = linear(attended, at + names().attention().output(), pass);
    NDArray y = Kernels.addTo(share(first, at, names().norms().attentionPost()), x);
    NDArray second = mlp(normed(y, at, names().norms().mlp()), at, pass);
    return Kernels.addTo(share(second, at, names().norms().mlpPost()), y);
  }

  /** The same for one position per sequence, by packed weights. */
  NDArray decodeStage(int stage, NDArray x, Pass pass, DecodeWeights weights) {
    if (stage == config().layers()) {
      return norm(x, names().finalNorm());
    }
    String at = names().layer(stage);
    DecodeWeights.Layer layer = weights.layer(stage);
    NDArray joined = layer.qkv().apply(normed(x, at, names().norms().attention()));
    NDArray attended = decodeAttention(stage, joined, at, pass);
    NDArray first = layer.attentionOutput().apply(attended);
    NDArray y = x.add(share(first, at, names().norms().attentionPost()));
    NDArray up = layer.up().apply(normed(y, at, names().norms().mlp()));
    NDArray inner = config().gated() ? gated(up) : activated(up);
    return y.add(share(layer.down().apply(inner), at, names().norms().mlpPost()));
  }

  private NDArray decodeAttention(int stage, NDArray joined, String at, Pass pass) {
    RopeTable.Angles angles = angles(stage, pass);
    boolean atOnce =
        angles != null && config().qkNorm() == LmConfig.QkNorm.NONE && turnsWhole(angles);
    List<NDArray> qkv =
        Kernels.decodeHeads(
            joined,
            atOnce ? angles.cos() : base.memory().ids(new long[0], 0),
            atOnce ? angles.sin() : base.memory().ids(new long[0], 0),
            config().heads(),
            config().kvHeads());
    NDArray q = qkv.get(0);
    NDArray k = qkv.get(1);
    if (!atOnce) {
      q = rotated(headsNormed(q, at + names().attention().queryNorm()), angles);
      k = rotated(headsNormed(k, at + names().attention().keyNorm()), angles);
    }
    return pass.attention.of(stage, scaled(q, config().scales().attention()), k, qkv.get(2));
  }

  private boolean turnsWhole(RopeTable.Angles angles) {
    return angles.cos().getShape().get(3) == config().headSize();
  }

  /** What a half of a layer adds. */
  private NDArray share(NDArray x, String at, String postNorm) {
    return scaled(normed(x, at, postNorm), config().scales().residual());
  }

  private RopeTable.Angles angles(int layer, Pass pass) {
    return config().ropes().isEmpty() ? null : pass.angles.get(config().ropes().get(layer));
  }

  private NDArray rotated(NDArray x, RopeTable.Angles angles) {
    if (angles == null) {
      return x;
    }
    return turnsWhole(angles)
        ? Kernels.rotary(x, angles.cos(), angles.sin())
        : Kernels.rotaryPart(x, angles.cos(), angles.sin());
  }

  private NDArray attend(int layer, NDArray x, String at, Pass pass) {
    NDArray q;
    NDArray k;
    NDArray v;
    if (config().fusedQkv()) {
      NDList parts = fused(linear(x, at + names().attention().query(), pass));
      q = parts.get(0);
      k = parts.get(1);
      v = parts.get(2);
    } else {
      q = linear(x, at + names().attention().query(), pass);
      k = linear(x, at + names().attention().key(), pass);
      v = linear(x, at + names().attention().value(), pass);
    }
    q = headsNormed(heads(q, config().heads()), at + names().attention().queryNorm());
    k = headsNormed(heads(k, config().kvHeads()), at + names().attention().keyNorm());
    RopeTable.Angles angles = angles(layer, pass);
    return pass.attention.of(
        layer,
        scaled(rotated(q, angles), config().scales().attention()),
        rotated(k, angles),
        heads(v, config().kvHeads()));
  }

  private NDList fused(NDArray qkv) {
    long q = (long) config().heads() * config().headSize();
    long kv = (long) config().kvHeads() * config().headSize();
    return qkv.split(new long[] {q, q + kv}, 2);
  }

  private NDArray heads(NDArray x, int heads) {
    Shape shape = x.getShape();
    return x.reshape(shape.get(0), shape.get(1), heads, config().headSize());
  }

  /** Heads (B, T, heads, E) normed one by one, as one, or not. */
  private NDArray headsNormed(NDArray x, String name) {
    return switch (config().qkNorm()) {
      case NONE -> x;
      case HEAD -> norm(x, name);
      case WHOLE -> {
        Shape shape = x.getShape();
        NDArray whole = x.reshape(shape.get(0), shape.get(1), shape.get(2) * shape.get(3));
        yield norm(whole, name).reshape(shape);
      }
    };
  }

  private NDArray mlp(NDArray x, String at, Pass pass) {
    NDArray up = linear(x, at + names().mlp().up(), pass);
    NDArray inner;
    if (config().fusedGate()) {
      inner = gated(up);
    } else if (config().gated()) {
      inner = activated(linear(x, at + names().mlp().gate(), pass)).mul(up);
    } else {
      inner = activated(up);
    }
    return linear(inner, at + names().mlp().down(), pass);
  }

  /** What the first half lets through of the second. */
  private NDArray gated(NDArray both) {
    if (config().activation() == LmConfig.Activation.SILU) {
      return Kernels.swiglu(both);
    }
    NDList halves = both.split(2, 2);
    return activated(halves.get(0)).mul(halves.get(1));
  }

  private NDArray activated(NDArray x) {
    return switch (config().activation()) {
      case SILU -> Kernels.silu(x);
      case GELU -> Kernels.gelu(x);
      case GELU_TANH -> Kernels.geluTanh(x);
    };
  }

  private NDArray normed(NDArray x, String at, String name) {
    return name == null ? x : norm(x, at + name);
  }

  private NDArray norm(NDArray x, String name) {
    double epsilon = config().normEpsilon();
    return switch (config().norm()) {
      case RMS -> Kernels.rmsNorm(x, weight(name), epsilon, base.precision());
      case RMS_ONE -> Kernels.rmsNormOne(x, weight(name), epsilon, base.precision());
      case LAYER -> Kernels.layerNorm(x, weight(name), base.weights().get(name + ".bias"), epsilon);
    };
  }

  private NDArray linear(NDArray x, String name, Pass pass) {
    Linear linear = base.linears().get(name);
    NDArray weight = base.weights().get(linear.weight());
    NDArray bias = base.weights().get(linear.biasName());
    NDArray y;
    if (linear.transposed()) {
      y = Kernels.conv1d(x, weight, bias);
    } else {
      y = bias == null ? Kernels.linear(x, weight) : Kernels.linear(x, weight, bias);
    }
    return adapter == null ? y : adapter.apply(linear, x, y, pass.dropoutKey);
  }

  /** Attention of whole sequences; what is written goes into a cache, too. */
  CausalLm.Attention attention(TokenRows rows, KvCache.Writer writer) {
    int groups = config().heads() / config().kvHeads();
    double cap = config().scales().attentionCap();
    if (rows.segments() == null && cap == 0) {
      return (layer, q, k, v) -> {
        write(writer, layer, k, v);
        return Kernels.causalAttention(q, k, v, groups);
      };
    }
    NDArray mask = mask(rows);
    return (layer, q, k, v) -> {
      write(writer, layer, k, v);
      return cap == 0
          ? Kernels.maskedAttention(q, k, v, mask, groups)
          : Kernels.cappedAttention(q, k, v, mask, groups, cap);
    };
  }

  private static void write(KvCache.Writer writer, int layer, NDArray k, NDArray v) {
    if (writer != null) {
      writer.write(layer, k, v);
    }
  }

  private NDArray mask(TokenRows rows) {
    Compute.Memory memory = base.memory();
    long[] segments =
        rows.segments() == null
            ? new long[rows.rows() * rows.width()]
            : TokenRows.flat(rows.segments());
    return Kernels.segmentMask(memory.ids(segments, rows.rows(), rows.width()));
  }

  /** The logits as the family means them. */
  NDArray finished(NDArray logits) {
    Scales scales = config().scales();
    NDArray y = scaled(logits, scales.logits());
    return scales.logitCap() == 0 ? y : Kernels.softCap(y, scales.logitCap());
  }
}
