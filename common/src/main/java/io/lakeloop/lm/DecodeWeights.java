package io.lakeloop.lm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import io.lakeloop.lm.torch.GradScope;
import io.lakeloop.lm.torch.Kernels;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * A model's weights as its generation on a CPU multiplies by them. Generation has few rows at a
 * time, for which libtorch's usual product is two to three times as slow as it need be; so for as
 * long as it lasts a packed copy is held, in which an adapter is merged and what reads the same
 * input is joined: queries, keys and values, gate and up.
 */
final class DecodeWeights implements AutoCloseable {
  private final List<Layer> layers = new ArrayList<>();
  private final Joined head;

  /** Linear maps that read the same input, as one; the bias may be null. */
  record Joined(NDArray packed, NDArray bias) {
    NDArray apply(NDArray x) {
      return Kernels.linearPacked(x, packed, bias);
    }

    private void close() {
      packed.close();
      if (bias != null) {
        bias.close();
      }
    }
  }

  /**
   * The linear maps of a layer.
   *
   * @param up gate and up where the MLP is gated
   */
  record Layer(Joined qkv, Joined attentionOutput, Joined up, Joined down) {}

  /**
   * Packs.
   *
   * @param upCount linear maps of a layer that make gate and up
   * @param weights of a linear map (outputs, inputs), an adapter merged
   * @param biases of a linear map, or null
   */
  DecodeWeights(
      List<List<Linear>> layers,
      int upCount,
      Function<Linear, NDArray> weights,
      Function<Linear, NDArray> biases,
      NDArray head) {
    try (GradScope off = GradScope.off();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      for (List<Linear> layer : layers) {
        int upAt = layer.size() - 1 - upCount;
        int downAt = layer.size() - 1;
        this.layers.add(
            new Layer(
                joined(layer.subList(0, upAt - 1), weights, biases),
                joined(layer.subList(upAt - 1, upAt), weights, biases),
                joined(layer.subList(upAt, downAt), weights, biases),
                joined(layer.subList(downAt, downAt + 1), weights, biases)));
      }
      this.head = new Joined(kept(Kernels.pack(head)), null);
    }
  }

  private static Joined joined(
      List<Linear> linears, Function<Linear, NDArray> weights, Function<Linear, NDArray> biases) {
    NDList all = new NDList(linears.stream().map(weights).toArray(NDArray[]::new));
    NDArray weight = all.size() == 1 ? all.get(0) : NDArrays.concat(all);
    NDArray bias = null;
    if (linears.get(0).bias()) {
      // Copied even where there is but one: these arrays are closed with the generation.
      NDList each = new NDList(linears.stream().map(biases).toArray(NDArray[]::new));
      bias = kept(each.size() == 1 ? each.get(0).duplicate() : NDArrays.concat(each));
    }
    return new Joined(kept(Kernels.pack(weight)), bias);
  }

  private static NDArray kept(NDArray array) {
    NDScope.unregister(array);
    return array;
  }

  Layer layer(int layer) {
    return layers.get(layer);
  }

  /** Logits (n, V) of hidden states (n, D). */
  NDArray logits(NDArray hidden) {
    return head.apply(hidden);
  }

  @Override
  public void close() {
    for (Layer layer : layers) {
      layer.qkv.close();
      layer.attentionOutput.close();
      layer.up.close();
      layer.down.close();
    }
    head.close();
  }
}
