package io.lakeloop.lm;

import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A linear map of a model.
 *
 * @param name of its module, without {@code .weight}
 * @param transposed true where the weight is stored (inputs, outputs), as in GPT-2
 */
record Linear(String name, int inputs, int outputs, boolean bias, boolean transposed) {
  static final String SCALAR_HEAD = "score.weight";

  /** What the module is called within its block, as {@code q_proj}. */
  String lastPart() {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  String weight() {
    return name + ".weight";
  }

  String biasName() {
    return name + ".bias";
  }

  /** Every linear map within the layers of a model, in the order of their use. */
  static List<Linear> of(LmConfig config) {
    List<Linear> linears = new ArrayList<>();
    for (int layer = 0; layer < config.layers(); layer++) {
      linears.addAll(of(config, layer));
    }
    return linears;
  }

  /** Those of one layer: what makes queries, keys and values, attention output, gate, up, down. */
  static List<Linear> of(LmConfig config, int layer) {
    TensorNames names = config.names();
    String at = names.layer(layer);
    int d = config.hiddenSize();
    int inner = config.intermediateSize();
    int q = config.heads() * config.headSize();
    int kv = config.kvHeads() * config.headSize();
    boolean transposed = config.transposed();
    List<Linear> linears = new ArrayList<>();
    if (config.fusedQkv()) {
      linears.add(
          new Linear(at + names.attention().query(), d, q + 2 * kv, config.qkvBias(), transposed));
    } else {
      linears.add(new Linear(at + names.attention().query(), d, q, config.qkvBias(), transposed));
      linears.add(new Linear(at + names.attention().key(), d, kv, config.qkvBias(), transposed));
      linears.add(new Linear(at + names.attention().value(), d, kv, config.qkvBias(), transposed));
    }
    linears.add(new Linear(at + names.attention().output(), q, d, config.outputBias(), transposed));
    if (names.mlp().gate() != null) {
      linears.add(new Linear(at + names.mlp().gate(), d, inner, config.mlpBias(), transposed));
    }
    int up = config.fusedGate() ? 2 * inner : inner;
    linears.add(new Linear(at + names.mlp().up(), d, up, config.mlpBias(), transposed));
    linears.add(new Linear(at + names.mlp().down(), inner, d, config.mlpBias(), transposed));
    return linears;
  }

  /** Shapes of all tensors of a model by name, the scalar head excepted. */
  static Map<String, Shape> shapes(LmConfig config) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    TensorNames names = config.names();
    int d = config.hiddenSize();
    shapes.put(names.embedding() + ".weight", new Shape(config.vocabSize(), d));
    if (names.positions() != null) {
      shapes.put(names.positions() + ".weight", new Shape(config.maxPositions(), d));
    }
    for (int layer = 0; layer < config.layers(); layer++) {
      shapes.putAll(shapes(config, layer));
    }
    norm(shapes, config, names.finalNorm(), d);
    if (!config.tiedHead()) {
      shapes.put(names.head() + ".weight", new Shape(config.vocabSize(), d));
    }
    return shapes;
  }

  private static Map<String, Shape> shapes(LmConfig config, int layer) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    TensorNames names = config.names();
    String at = names.layer(layer);
    norm(shapes, config, at, names.norms().attention());
    for (Linear linear : of(config, layer)) {
      shapes.put(
          linear.weight(),
          linear.transposed()
              ? new Shape(linear.inputs(), linear.outputs())
              : new Shape(linear.outputs(), linear.inputs()));
      if (linear.bias()) {
        shapes.put(linear.biasName(), new Shape(linear.outputs()));
      }
    }
    if (config.qkNorm() != LmConfig.QkNorm.NONE) {
      boolean whole = config.qkNorm() == LmConfig.QkNorm.WHOLE;
      int e = config.headSize();
      norm(shapes, config, at + names.attention().queryNorm(), whole ? config.heads() * e : e);
      norm(shapes, config, at + names.attention().keyNorm(), whole ? config.kvHeads() * e : e);
    }
    norm(shapes, config, at, names.norms().attentionPost());
    norm(shapes, config, at, names.norms().mlp());
    norm(shapes, config, at, names.norms().mlpPost());
    return shapes;
  }

  private static void norm(Map<String, Shape> shapes, LmConfig config, String at, String name) {
    if (name != null) {
      norm(shapes, config, at + name, config.hiddenSize());
    }
  }

  private static void norm(Map<String, Shape> shapes, LmConfig config, String name, int size) {
    shapes.put(name + ".weight", new Shape(size));
    if (config.norm() == LmConfig.Norm.LAYER) {
      shapes.put(name + ".bias", new Shape(size));
    }
  }
}
