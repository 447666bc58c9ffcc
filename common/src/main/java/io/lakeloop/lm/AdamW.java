package io.lakeloop.lm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import io.lakeloop.lm.safetensors.SafeTensors;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.GradScope;
import io.lakeloop.lm.torch.Kernels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019, <a
 * href="https://arxiv.org/abs/1711.05101">1711.05101</a>), in PyTorch's form (D24): {@code w -=
 * rate * m / (sqrt(v) + eps)}, both moments corrected for their start, gradients clipped by their
 * global norm. Norms, biases and the scalar head are not decayed, as is usual.
 */
public final class AdamW implements AutoCloseable {
  private static final double BETA1 = 0.9;

  private final Compute.Memory memory;
  private final Group decayed = new Group();
  private final Group plain = new Group();
  private long steps;

  /** Weights that are treated alike. */
  private static final class Group {
    private final List<String> names = new ArrayList<>();
    private final List<NDArray> weights = new ArrayList<>();
    private final List<NDArray> first = new ArrayList<>();
    private final List<NDArray> second = new ArrayList<>();
    private final List<NDArray> counts = new ArrayList<>();

    private List<NDArray> of(Map<String, NDArray> gradients) {
      return names.stream().map(gradients::get).toList();
    }
  }

  /** Makes the optimizer of the weights, all on one device. */
  public AdamW(Map<String, NDArray> weights, Compute.Memory memory) {
    this.memory = memory;
    try (GradScope off = GradScope.off()) {
      weights.forEach(this::add);
    }
  }

  private void add(String name, NDArray weight) {
    boolean decays = weight.getShape().dimension() > 1 && !name.endsWith(Linear.SCALAR_HEAD);
    Group group = decays ? decayed : plain;
    group.names.add(name);
    group.weights.add(weight);
    group.first.add(kept(weight.zerosLike()));
    group.second.add(kept(weight.zerosLike()));
    group.counts.add(kept(memory.zeros(new Shape())));
  }

  private static NDArray kept(NDArray array) {
    NDScope.unregister(array);
    return array;
  }

  /**
   * Settings of one step.
   *
   * @param weightDecay share of a weight taken off per step and unit of learning rate
   * @param maxGradNorm the global norm is cut to this
   * @param epsilon added to the root of the second moment
   * @param beta2 memory of the second moment
   * @param form where epsilon stands
   */
  public record Settings(
      double learningRate,
      double weightDecay,
      double maxGradNorm,
      double epsilon,
      double beta2,
      Form form) {

    /** With the second moment's memory of large language models (Brown et al. 2020). */
    public Settings(double learningRate, double weightDecay, double maxGradNorm, double epsilon) {
      this(learningRate, weightDecay, maxGradNorm, epsilon, 0.95, Form.PYTORCH);
    }

    /** Epsilon of a step, counted from 1, in PyTorch's form. */
    double epsilon(long step) {
      return form == Form.PYTORCH ? epsilon : epsilon / Math.sqrt(1 - Math.pow(beta2, step));
    }
  }

  /** Where epsilon stands (D24). */
  public enum Form {
    /** Beside the corrected moment: {@code m / (sqrt(v / (1 - beta2^t)) + eps)}. */
    PYTORCH,
    /** Beside the moment before its correction, which weighs more in the first steps. */
    TENSORFLOW
  }

  /**
   * Applies the gradients.
   *
   * @param gradients by the weights' names
   * @return the global gradient norm before clipping; nothing is applied where it is not finite
   */
  public double step(Map<String, NDArray> gradients, Settings settings) {
    try (GradScope off = GradScope.off();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      List<NDArray> decayedGradients = decayed.of(gradients);
      List<NDArray> plainGradients = plain.of(gradients);
      List<NDArray> all = new ArrayList<>(decayedGradients);
      all.addAll(plainGradients);
      double norm = Kernels.globalNorm(all);
      if (Double.isFinite(norm)) {
        steps++;
        double divisor = Math.max(1, (norm + 1e-6) / settings.maxGradNorm());
        apply(decayed, decayedGradients, divisor, settings.weightDecay(), settings);
        apply(plain, plainGradients, divisor, 0, settings);
      }
      return norm;
    }
  }

  /** Steps taken so far. */
  public long steps() {
    return steps;
  }

  private void apply(
      Group group, List<NDArray> gradients, double divisor, double decay, Settings settings) {
    if (!gradients.isEmpty()) {
      Kernels.adamW(
          group.weights,
          gradients,
          group.first,
          group.second,
          group.counts,
          memory.constant(new float[] {(float) divisor}, new Shape()),
          settings.learningRate(),
          BETA1,
          settings.beta2(),
          decay,
          settings.epsilon(steps));
    }
  }

  /** Moments and step count, to be restored exactly. */
  public Map<String, SafeTensors.Source> state() {
    Map<String, SafeTensors.Source> state = new LinkedHashMap<>();
    for (Group group : List.of(decayed, plain)) {
      for (int i = 0; i < group.names.size(); i++) {
        state.put("first." + group.names.get(i), copy(group.first.get(i)));
        state.put("second." + group.names.get(i), copy(group.second.get(i)));
      }
    }
    // A step count above 2^24 would not survive F32; its two halves do.
    state.put("steps", SafeTensors.of(new long[] {2}, steps >>> 20, steps & 0xFFFFF));
    return state;
  }

  /**
   * Takes up a state that {@link #state} gave.
   *
   * @throws io.lakeloop.config.UserError ARTIFACT_CORRUPT if it is another model's
   */
  public void restore(Map<String, SafeTensors.Tensor> state) throws IOException {
    try (GradScope off = GradScope.off();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      float[] halves = state.get("steps").floats();
      steps = ((long) halves[0] << 20) | (long) halves[1];
      for (Group group : List.of(decayed, plain)) {
        for (int i = 0; i < group.names.size(); i++) {
          String name = group.names.get(i);
          restore(state, "first." + name, group.first.get(i));
          restore(state, "second." + name, group.second.get(i));
          memory.constant(new float[] {steps}, new Shape()).copyTo(group.counts.get(i));
        }
      }
    }
  }

  private void restore(Map<String, SafeTensors.Tensor> state, String name, NDArray target)
      throws IOException {
    Weights.load(
            state.get(name),
            name,
            target.getShape(),
            memory,
            io.lakeloop.lm.torch.Precision.FLOAT32)
        .copyTo(target);
  }

  private static SafeTensors.Source copy(NDArray array) {
    return SafeTensors.of(array.getShape().getShape(), array.toFloatArray());
  }

  /** Lets go of the moments. */
  @Override
  public void close() {
    for (Group group : List.of(decayed, plain)) {
      group.first.forEach(NDArray::close);
      group.second.forEach(NDArray::close);
      group.counts.forEach(NDArray::close);
    }
  }
}
