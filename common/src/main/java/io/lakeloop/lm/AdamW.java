package io.lakeloop.lm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * AdamW (Loshchilov and Hutter 2019, <a href="https://arxiv.org/abs/1711.05101">1711.05101</a>) in
 * PyTorch's form, with the gradient clipped by its global norm first:
 *
 * <pre>
 * p -= lr * decay * p
 * m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2
 * p -= lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)
 * </pre>
 */
public final class AdamW {
  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.95;

  private final CausalLm model;
  private final Map<String, NDArray> first = new LinkedHashMap<>();
  private final Map<String, NDArray> second = new LinkedHashMap<>();
  private long steps;

  public AdamW(CausalLm model) {
    this.model = model;
    model
        .parameters()
        .forEach(
            (name, parameter) -> {
              parameter.setRequiresGradient(true);
              first.put(name, parameter.zerosLike());
              second.put(name, parameter.zerosLike());
            });
    defineGradients();
  }

  /** A parameter that a loss leaves out would have no gradient at all, and libtorch then throws. */
  private void defineGradients() {
    try (GradScope recording = GradScope.recording();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      for (NDArray parameter : model.parameters().values()) {
        NDArray nothing = parameter.mul(parameter.zerosLike()).sum();
        GradScope.backward(nothing);
      }
    }
  }

  /**
   * Settings of one step.
   *
   * @param maxGradNorm the global norm is cut to this
   * @param epsilon added to the root of the second moment
   */
  public record Settings(
      double learningRate, double weightDecay, double maxGradNorm, double epsilon) {}

  /**
   * Applies the accumulated gradients and clears them.
   *
   * @return the global gradient norm before clipping; nothing is applied where it is not finite
   */
  public double step(Settings settings) {
    try (GradScope off = GradScope.off();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      Map<String, NDArray> gradients = new LinkedHashMap<>();
      double squares = 0;
      for (Map.Entry<String, NDArray> entry : model.parameters().entrySet()) {
        NDArray gradient = entry.getValue().getGradient();
        gradients.put(entry.getKey(), gradient);
        squares += gradient.mul(gradient).sum().getFloat();
      }
      double norm = Math.sqrt(squares);
      if (Double.isFinite(norm)) {
        steps++;
        double shrink = Math.min(1, settings.maxGradNorm() / (norm + 1e-6));
        gradients.forEach((name, gradient) -> apply(name, gradient.muli(shrink), settings));
      }
      model.parameters().values().forEach(parameter -> JniUtils.zeroGrad((PtNDArray) parameter));
      return norm;
    }
  }

  private void apply(String name, NDArray gradient, Settings settings) {
    NDArray parameter = model.parameters().get(name);
    NDArray m = first.get(name);
    NDArray v = second.get(name);
    m.muli(BETA1).addi(gradient.mul(1 - BETA1));
    v.muli(BETA2).addi(gradient.mul(gradient).muli(1 - BETA2));
    double rate = settings.learningRate() / (1 - Math.pow(BETA1, steps));
    double correction = Math.sqrt(1 - Math.pow(BETA2, steps));
    // Norm weights and the scalar head are not decayed, as is usual.
    if (parameter.getShape().dimension() > 1 && !name.equals(CausalLm.SCALAR_HEAD)) {
      parameter.muli(1 - settings.learningRate() * settings.weightDecay());
    }
    NDArray divisor = v.sqrt().divi(correction).addi(settings.epsilon());
    parameter.subi(m.mul(rate).divi(divisor));
  }

  /** Moments and step count, to be restored exactly. */
  public Map<String, SafeTensors.Tensor> state() {
    Map<String, SafeTensors.Tensor> state = new LinkedHashMap<>();
    first.forEach((name, m) -> state.put("first." + name, copy(m)));
    second.forEach((name, v) -> state.put("second." + name, copy(v)));
    // A step count above 2^24 would not survive F32; its two halves do.
    state.put(
        "steps",
        new SafeTensors.Tensor(new long[] {2}, new float[] {steps >>> 20, steps & 0xFFFFF}));
    return state;
  }

  public void restore(Map<String, SafeTensors.Tensor> state) {
    first.forEach((name, m) -> m.set(state.get("first." + name).values()));
    second.forEach((name, v) -> v.set(state.get("second." + name).values()));
    float[] halves = state.get("steps").values();
    steps = ((long) halves[0] << 20) | (long) halves[1];
  }

  private static SafeTensors.Tensor copy(NDArray array) {
    return new SafeTensors.Tensor(array.getShape().getShape(), array.toFloatArray());
  }
}
