package io.lakeloop.lm.torch;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;
import java.util.List;

/**
 * Operators of libtorch that DJL does not bind, written in TorchScript here and called by name.
 * Autograd flows through them, from any thread. Shapes: B sequences, T positions, D features, H
 * query heads, K key heads, G = H / K, E head size, V vocabulary.
 *
 * <p>Numbers are script constants and never meet autograd as DJL's borrowed buffers do.
 */
public final class Kernels {
  private static final String SOURCE =
      """
      def cast(self, x: Tensor, dtype: int) -> Tensor:
        return torch.to(x, dtype)
      def view_as(self, x: Tensor, dtype: int) -> Tensor:
        return torch.view_copy(x, dtype=dtype)
      def embedding(self, weight: Tensor, ids: Tensor) -> Tensor:
        return torch.embedding(weight, ids)
      def linear(self, x: Tensor, weight: Tensor) -> Tensor:
        return torch.linear(x, weight)
      def linear_bias(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return torch.linear(x, weight, bias)
      def conv1d(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return torch.linear(x, torch.t(weight), bias)
      def lora(self, y: Tensor, x: Tensor, a: Tensor, b: Tensor, scale: float) -> Tensor:
        inner = torch.mul(torch.linear(torch.reshape(torch.type_as(x, a), [-1, torch.size(x, -1)]), a), scale)
        flat = torch.reshape(y, [-1, torch.size(y, -1)])
        if torch.eq(ops.prim.dtype(y), ops.prim.dtype(b)):
          added = torch.addmm_(flat, inner, torch.t(b))
        else:
          added = torch.add_(flat, torch.mm(inner, torch.t(b)))
        return torch.reshape(added, torch.size(y))
      def add_to(self, y: Tensor, x: Tensor) -> Tensor:
        return torch.add_(y, x)
      def dropout(self, x: Tensor, rate: float, seed: int) -> Tensor:
        generator = torch.Generator(device=ops.prim.device(x))
        seeded = torch.manual_seed(generator, seed)
        keep = torch.bernoulli(torch.full_like(x, torch.sub(1., rate)), generator=generator)
        return torch.mul(x, torch.div(keep, torch.sub(1., rate)))
      def rms_norm(self, x: Tensor, weight: Tensor, epsilon: float, wide: int) -> Tensor:
        h = torch.to(x, wide)
        n = torch.linalg_vector_norm(h, 2, [-1], True)
        scale = torch.rsqrt(torch.add(torch.div(torch.mul(n, n), torch.size(x, -1)), epsilon))
        return torch.mul(torch.type_as(torch.mul(h, scale), x), weight)
      def rms_norm_one(self, x: Tensor, weight: Tensor, epsilon: float, wide: int) -> Tensor:
        h = torch.to(x, wide)
        scale = torch.rsqrt(torch.add(torch.mean(torch.mul(h, h), [-1], True), epsilon))
        return torch.type_as(torch.mul(torch.mul(h, scale), torch.add(torch.to(weight, wide), 1.)), x)
      def layer_norm(self, x: Tensor, weight: Tensor, bias: Tensor, epsilon: float) -> Tensor:
        return torch.layer_norm(x, [torch.size(x, -1)], weight, bias, epsilon)
      def rotary(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        swapped = torch.roll(x, [torch.floordiv(torch.size(x, -1), 2)], [-1])
        return torch.addcmul(torch.mul_(swapped, sin), x, cos)
      def rotary_part(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        r = torch.size(cos, -1)
        turned = self.rotary(torch.narrow(x, -1, 0, r), cos, sin)
        return torch.cat([turned, torch.narrow(x, -1, r, torch.sub(torch.size(x, -1), r))], -1)
      def scaled(self, x: Tensor, factor: float) -> Tensor:
        return torch.mul(x, torch.full(annotate(List[int], []), factor, dtype=ops.prim.dtype(x)))
      def soft_cap(self, x: Tensor, cap: float) -> Tensor:
        return torch.mul(torch.tanh(torch.div(x, cap)), cap)
      def silu(self, x: Tensor) -> Tensor:
        return torch.silu(x)
      def gelu_tanh(self, x: Tensor) -> Tensor:
        return torch.gelu(x, approximate="tanh")
      def gelu(self, x: Tensor) -> Tensor:
        return torch.gelu(x)
      def heads(self, x: Tensor, groups: int) -> Tensor:
        y = x
        if torch.gt(groups, 1):
          b, t, k, e = torch.size(x, 0), torch.size(x, 1), torch.size(x, 2), torch.size(x, 3)
          y = torch.reshape(torch.expand(torch.unsqueeze(x, 3), [b, t, k, groups, e]), [b, t, torch.mul(k, groups), e])
        return torch.transpose(y, 1, 2)
      def joined(self, x: Tensor) -> Tensor:
        y = torch.transpose(x, 1, 2)
        return torch.reshape(y, [torch.size(y, 0), torch.size(y, 1), torch.mul(torch.size(y, 2), torch.size(y, 3))])
      def causal(self, q: Tensor, k: Tensor, v: Tensor, groups: int) -> Tensor:
        return self.joined(torch.scaled_dot_product_attention(torch.transpose(q, 1, 2), self.heads(k, groups), self.heads(v, groups), None, 0., True))
      def masked(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor, groups: int) -> Tensor:
        return self.joined(torch.scaled_dot_product_attention(torch.transpose(q, 1, 2), self.heads(k, groups), self.heads(v, groups), mask, 0., False))
      def capped(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor, groups: int, cap: float) -> Tensor:
        scores = torch.mul(torch.matmul(torch.transpose(q, 1, 2), torch.transpose(self.heads(k, groups), 2, 3)), torch.pow(torch.size(q, 3), -0.5))
        seen = torch.masked_fill(self.soft_cap(scores, cap), torch.logical_not(mask), -inf)
        return self.joined(torch.matmul(torch.softmax(seen, -1), self.heads(v, groups)))
      def segment_mask(self, segments: Tensor) -> Tensor:
        same = torch.eq(torch.unsqueeze(segments, 2), torch.unsqueeze(segments, 1))
        return torch.unsqueeze(torch.tril(same), 1)
      def seen_mask(self, lengths: Tensor, width: int, dtype: int) -> Tensor:
        hidden = torch.ge(torch.arange(width, dtype=4, device=ops.prim.device(lengths)), torch.reshape(lengths, [-1, 1, 1, 1]))
        return torch.masked_fill(torch.to(torch.zeros_like(hidden), dtype), hidden, -inf)
      def cached(self, q: Tensor, keys: Tensor, values: Tensor, seen: Tensor, cap: float) -> Tensor:
        b, h, e = torch.size(q, 0), torch.size(q, 2), torch.size(q, 3)
        k, width = torch.size(keys, 1), torch.size(seen, -1)
        old_k = torch.narrow(torch.narrow(keys, 0, 0, b), 2, 0, width)
        old_v = torch.narrow(torch.narrow(values, 0, 0, b), 2, 0, width)
        grouped = torch.mul(torch.reshape(q, [b, k, torch.floordiv(h, k), e]), torch.pow(e, -0.5))
        scores = torch.matmul(grouped, torch.transpose(old_k, 2, 3))
        if torch.gt(cap, 0.):
          scores = self.soft_cap(scores, cap)
        scores = torch.add(scores, seen)
        return torch.reshape(torch.matmul(torch.softmax(scores, -1), old_v), [b, 1, torch.mul(h, e)])
      def decode_heads(self, x: Tensor, cos: Tensor, sin: Tensor, heads: int, kv_heads: int) -> List[Tensor]:
        turned = torch.add(heads, kv_heads)
        all = torch.reshape(x, [torch.size(x, 0), 1, torch.add(turned, kv_heads), -1])
        qk = torch.narrow(all, 2, 0, turned)
        if torch.gt(torch.numel(cos), 0):
          qk = self.rotary(qk, cos, sin)
        return [torch.narrow(qk, 2, 0, heads), torch.narrow(qk, 2, heads, kv_heads), torch.narrow(all, 2, turned, kv_heads)]
      def swiglu(self, x: Tensor) -> Tensor:
        half = torch.floordiv(torch.size(x, -1), 2)
        return torch.mul(torch.silu(torch.narrow(x, -1, 0, half)), torch.narrow(x, -1, half, half))
      def remember(self, cache: Tensor, slots: Tensor, positions: Tensor, fresh: Tensor) -> Tensor:
        by_position = torch.transpose(cache, 1, 2)
        return torch.index_put_(by_position, annotate(List[Optional[Tensor]], [slots, positions]), fresh)
      def move_slot(self, cache: Tensor, source: int, target: int) -> Tensor:
        return torch.copy_(torch.select(cache, 0, target), torch.select(cache, 0, source))
      def rows(self, x: Tensor, index: Tensor) -> Tensor:
        return torch.index_select(torch.reshape(x, [-1, torch.size(x, -1)]), 0, index)
      def target_log_probs(self, logits: Tensor, targets: Tensor, temperature: float, wide: int) -> Tensor:
        h = torch.to(logits, wide)
        if torch.ne(temperature, 1.):
          h = torch.div(h, temperature)
        return torch.neg(torch.cross_entropy_loss(h, targets, None, 0, -100, 0.))
      def entropy(self, logits: Tensor, temperature: float, wide: int) -> Tensor:
        p = torch.log_softmax(torch.div(torch.to(logits, wide), temperature), -1)
        return torch.neg(torch.sum(torch.mul(torch.exp(p), p), [-1]))
      def draw(self, logits: Tensor, banned: Tensor, uniform: Tensor, temperature: float, top_k: int, top_p: float) -> List[Tensor]:
        scale = temperature
        if torch.eq(temperature, 0.):
          scale = 1.
        log_p = torch.log_softmax(torch.div(torch.to(logits, 7), scale), -1)
        open = log_p
        if torch.gt(torch.size(banned, 0), 0):
          open = torch.index_fill(log_p, 1, banned, -inf)
        if torch.eq(temperature, 0.):
          token = torch.argmax(open, -1, True)
        else:
          if torch.gt(top_k, 0):
            least = torch.narrow((torch.topk(open, ops.prim.min(top_k, torch.size(open, -1)), -1))[0], -1, -1, 1)
            open = torch.masked_fill(open, torch.lt(open, least), -inf)
          p = torch.exp(open)
          if torch.lt(top_p, 1.):
            ordered = (torch.sort(p, -1, True))[0]
            before = torch.div(torch.sub(torch.cumsum(ordered, -1), ordered), torch.sum(ordered, [-1], True))
            least_p = torch.amin(torch.masked_fill(ordered, torch.gt(before, top_p), inf), [-1], True)
            p = torch.masked_fill(p, torch.lt(p, least_p), 0.)
          cumulated = torch.cumsum(p, -1)
          goal = torch.mul(torch.unsqueeze(uniform, 1), torch.narrow(cumulated, -1, -1, 1))
          token = torch.searchsorted(cumulated, goal, right=True)
        return [torch.squeeze(token, 1), torch.squeeze(torch.gather(log_p, 1, token), 1)]
      def global_norm(self, arrays: List[Tensor]) -> Tensor:
        return torch.linalg_vector_norm(torch.to(torch.stack(torch._foreach_norm(arrays)), 7))
      def adamw(self, weights: List[Tensor], gradients: List[Tensor], first: List[Tensor], second: List[Tensor], steps: List[Tensor], divisor: Tensor, rate: float, beta1: float, beta2: float, decay: float, epsilon: float) -> None:
        torch._foreach_add_(steps, 1)
        torch._fused_adamw_(weights, gradients, first, second, annotate(List[Tensor], []), steps, lr=rate, beta1=beta1, beta2=beta2, weight_decay=decay, eps=epsilon, amsgrad=False, maximize=False, grad_scale=divisor)
      def matrix_product(self, x: Tensor, y: Tensor) -> Tensor:
        return torch.matmul(x, y)
      """;

  private static final String PACKING =
      """
      def pack(self, weight: Tensor) -> Tensor:
        return ops.mkldnn._reorder_linear_weight(torch.contiguous(weight), 8)
      def linear_packed(self, x: Tensor, packed: Tensor) -> Tensor:
        return ops.mkldnn._linear_pointwise(x, packed, None, "none", annotate(List[Optional[number]], []), "")
      def linear_packed_bias(self, x: Tensor, packed: Tensor, bias: Tensor) -> Tensor:
        return ops.mkldnn._linear_pointwise(x, packed, bias, "none", annotate(List[Optional[number]], []), "")
      """;

  /** DJL's own way to a method by name always turns gradients off. */
  private static final MethodHandle RUN_METHOD = runMethod();

  private static final NDManager HOME;
  private static final PtSymbolBlock MODULE;
  private static final PtSymbolBlock PACKING_MODULE;

  static {
    Engine.getEngine("PyTorch");
    HOME = NDManager.newBaseManager("PyTorch");
    MODULE = load("Kernels", SOURCE);
    PtSymbolBlock packing = null;
    try {
      packing = load("Packing", PACKING);
    } catch (EngineException e) {
      // This libtorch was built without oneDNN: nothing is packed.
    }
    PACKING_MODULE = packing;
  }

  private static PtSymbolBlock load(String name, String source) {
    try {
      return JniUtils.loadModule(
          (PtNDManager) HOME,
          new ByteArrayInputStream(ScriptArchive.of(name, source)),
          true,
          false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The script is run as written: no profiling, no fusing, the same operators every time. */
  private static final ThreadLocal<Boolean> PLAIN =
      ThreadLocal.withInitial(
          () -> {
            JniUtils.setGraphExecutorOptimize(false);
            return true;
          });

  private Kernels() {}

  private static MethodHandle runMethod() {
    try {
      Class<?> library = Class.forName("ai.djl.pytorch.jni.PyTorchLibrary");
      MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(library, MethodHandles.lookup());
      Object instance = lookup.findStaticVarHandle(library, "LIB", library).get();
      MethodType signature =
          MethodType.methodType(
              long.class, long.class, String.class, long[].class, boolean.class, boolean.class);
      return MethodHandles.filterReturnValue(
          lookup.findVirtual(library, "moduleRunMethod", signature).bindTo(instance),
          MethodHandles.privateLookupIn(IValue.class, lookup)
              .findConstructor(IValue.class, MethodType.methodType(void.class, long.class)));
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  public static NDArray cast(NDArray x, Precision precision) {
    return call("cast", x, precision.code);
  }

  /** Bytes (2 n) as bfloat16 numbers (n): DJL cannot create such arrays. */
  public static NDArray asBfloat16(NDArray bytes) {
    return call("view_as", bytes, Precision.BFLOAT16.code);
  }

  /** The bytes of bfloat16 numbers as 16-bit integers, which DJL can copy out. */
  public static NDArray asInt16(NDArray bfloat16) {
    return call("view_as", bfloat16, 2);
  }

  /** Rows of the weight (V, D) at the ids (..): (.., D). */
  public static NDArray embedding(NDArray weight, NDArray ids) {
    return call("embedding", weight, ids);
  }

  /** {@code x W^T}, with W (out, in). */
  public static NDArray linear(NDArray x, NDArray weight) {
    return call("linear", x, weight);
  }

  /** True if this libtorch can pack weights. */
  public static boolean canPack() {
    return PACKING_MODULE != null;
  }

  /** A copy of W (out, in) in the order that oneDNN reads fastest, for {@link #linearPacked}. */
  public static NDArray pack(NDArray weight) {
    return callIn(PACKING_MODULE, "pack", weight);
  }

  /**
   * {@code x W^T + b} with a packed W. Not for passes that gradients are wanted of.
   *
   * @param bias b, or null for none
   */
  public static NDArray linearPacked(NDArray x, NDArray packed, NDArray bias) {
    return bias == null
        ? callIn(PACKING_MODULE, "linear_packed", x, packed)
        : callIn(PACKING_MODULE, "linear_packed_bias", x, packed, bias);
  }

  /** {@code x W^T + b}, with W (out, in). */
  public static NDArray linear(NDArray x, NDArray weight, NDArray bias) {
    return call("linear_bias", x, weight, bias);
  }

  /** {@code x W + b}, with W (in, out), as GPT-2 stores it. */
  public static NDArray conv1d(NDArray x, NDArray weight, NDArray bias) {
    return call("conv1d", x, weight, bias);
  }

  /**
   * {@code y + scale (x A^T) B^T}, A (r, in), B (out, r), added in place to y, a linear map's fresh
   * result, which no gradient needs.
   */
  public static NDArray lora(NDArray y, NDArray x, NDArray a, NDArray b, double scale) {
    return call("lora", y, x, a, b, scale);
  }

  /** {@code y + x}, added in place to y, a linear map's fresh result, which no gradient needs. */
  public static NDArray addTo(NDArray y, NDArray x) {
    return call("add_to", y, x);
  }

  /** Zeroes a share of the values, drawn by the seed alone, and scales the others up. */
  public static NDArray dropout(NDArray x, double rate, long seed) {
    return call("dropout", x, rate, seed);
  }

  /** {@code w x / sqrt(mean(x^2) + eps)} (Zhang and Sennrich 2019, 1910.07467). */
  public static NDArray rmsNorm(NDArray x, NDArray weight, double epsilon, Precision precision) {
    return call("rms_norm", x, weight, epsilon, wide(precision));
  }

  /** {@code (1 + w) x / sqrt(mean(x^2) + eps)}, as Gemma has it. */
  public static NDArray rmsNormOne(NDArray x, NDArray weight, double epsilon, Precision precision) {
    return call("rms_norm_one", x, weight, epsilon, wide(precision));
  }

  /** {@code w (x - mean) / sqrt(var + eps) + b} (Ba et al. 2016, 1607.06450). */
  public static NDArray layerNorm(NDArray x, NDArray weight, NDArray bias, double epsilon) {
    return call("layer_norm", x, weight, bias, epsilon);
  }

  /**
   * Rotary positions (Su et al. 2021, 2104.09864) on x (B, T, heads, E), halves as in Llama.
   *
   * @param sin negated in its first half, whose features meet those of the second
   */
  public static NDArray rotary(NDArray x, NDArray cos, NDArray sin) {
    return call("rotary", x, cos, sin);
  }

  /** The same on the first R of the E features, with cos and sin (.., R). */
  public static NDArray rotaryPart(NDArray x, NDArray cos, NDArray sin) {
    return call("rotary_part", x, cos, sin);
  }

  /** {@code factor x}, the factor rounded to x's precision first. */
  public static NDArray scaled(NDArray x, double factor) {
    return call("scaled", x, factor);
  }

  /** {@code cap tanh(x / cap)} (Gemma 2, 2408.00118). */
  public static NDArray softCap(NDArray x, double cap) {
    return call("soft_cap", x, cap);
  }

  /** SiLU (Elfwing et al. 2017, 1702.03118): {@code x sigmoid(x)}. */
  public static NDArray silu(NDArray x) {
    return call("silu", x);
  }

  /** GELU by its tanh approximation (Hendrycks and Gimpel 2016, 1606.08415). */
  public static NDArray geluTanh(NDArray x) {
    return call("gelu_tanh", x);
  }

  /** GELU, exact. */
  public static NDArray gelu(NDArray x) {
    return call("gelu", x);
  }

  /** Causal attention of q (B, T, H, E) over k and v (B, T, K, E): (B, T, H E). */
  public static NDArray causalAttention(NDArray q, NDArray k, NDArray v, int groups) {
    return call("causal", q, k, v, groups);
  }

  /** The same under a mask (B, 1, T, T) that is true where a position is seen. */
  public static NDArray maskedAttention(NDArray q, NDArray k, NDArray v, NDArray mask, int groups) {
    return call("masked", q, k, v, mask, groups);
  }

  /** The same with soft-capped scores. */
  public static NDArray cappedAttention(
      NDArray q, NDArray k, NDArray v, NDArray mask, int groups, double cap) {
    return call("capped", q, k, v, mask, groups, cap);
  }

  /** Mask (B, 1, T, T): positions of the same segment (B, T), none later. */
  public static NDArray segmentMask(NDArray segments) {
    return call("segment_mask", segments);
  }

  /**
   * Cuts x (B, 1, (H + 2 K) E) into queries (B, 1, H, E), keys and values (B, 1, K, E), the first
   * two rotated.
   *
   * @param cos of the rotation (B, 1, 1, E), empty for none
   */
  public static List<NDArray> decodeHeads(
      NDArray x, NDArray cos, NDArray sin, int heads, int kvHeads) {
    try (IValue result = run("decode_heads", x, cos, sin, heads, kvHeads)) {
      return List.of(result.toTensorArray((PtNDManager) x.getManager()));
    }
  }

  /** {@code silu(gate) * up} of x (.., 2 I), its first half the gate (Shazeer 2020, 2002.05202). */
  public static NDArray swiglu(NDArray x) {
    return call("swiglu", x);
  }

  /** Mask (B, 1, 1, width): 0 at the first {@code lengths} (B) positions, else minus infinity. */
  public static NDArray seenMask(NDArray lengths, int width, Precision precision) {
    return call("seen_mask", lengths, width, precision.code);
  }

  /**
   * Attention of one new position per slot, q (B, 1, H, E), over the positions of the slots 0..B-1
   * of keys and values (slots, K, length, E), the mask (B, 1, 1, width) added to their scores.
   *
   * @param cap that the scores are softly held under; 0 for none
   */
  public static NDArray cachedAttention(
      NDArray q, NDArray keys, NDArray values, NDArray seen, double cap) {
    return call("cached", q, keys, values, seen, cap);
  }

  /** Writes fresh (n, T, K, E) into the cache at slots (n, 1) and positions (n or 1, T). */
  public static void remember(NDArray cache, NDArray slots, NDArray positions, NDArray fresh) {
    call("remember", cache, slots, positions, fresh).close();
  }

  public static void moveSlot(NDArray cache, int source, int target) {
    call("move_slot", cache, source, target).close();
  }

  /** Rows of x, flattened to (n, D), at the index. */
  public static NDArray rows(NDArray x, NDArray index) {
    return call("rows", x, index);
  }

  /** Log-probability of each target (n) under the tempered logits (n, V). */
  public static NDArray targetLogProbs(
      NDArray logits, NDArray targets, double temperature, Precision precision) {
    return call("target_log_probs", logits, targets, temperature, wide(precision));
  }

  /** Entropy (n) of the tempered logits (n, V), in nats. */
  public static NDArray entropy(NDArray logits, double temperature, Precision precision) {
    return call("entropy", logits, temperature, wide(precision));
  }

  /**
   * Draws a token per row of the logits (n, V) by inverting the cumulative distribution in token
   * order at {@code uniform} (n); temperature 0 takes the most likely.
   *
   * @param banned ids never drawn
   * @param topK only so many of the most likely, and those as likely as the last; 0 for all
   * @param topP only the fewest most likely whose chances reach this; 1 for all
   * @return ids (n), and their log-probabilities (n) under the tempered distribution before any
   *     token was shut out
   */
  public static List<NDArray> draw(
      NDArray logits, NDArray banned, NDArray uniform, double temperature, int topK, double topP) {
    try (IValue result = run("draw", logits, banned, uniform, temperature, topK, topP)) {
      return List.of(result.toTensorArray((PtNDManager) logits.getManager()));
    }
  }

  /** Square root of the sum of all squares. */
  public static double globalNorm(List<NDArray> arrays) {
    try (IValue result = run("global_norm", arrays);
        NDArray norm = result.toTensor((PtNDManager) arrays.get(0).getManager())) {
      return norm.getDouble();
    }
  }

  /**
   * One fused step of AdamW (Loshchilov and Hutter 2019, 1711.05101), in PyTorch's form.
   *
   * @param steps a step count per weight, raised before it is used
   * @param divisor what the gradients are divided by first
   */
  public static void adamW(
      List<NDArray> weights,
      List<NDArray> gradients,
      List<NDArray> first,
      List<NDArray> second,
      List<NDArray> steps,
      NDArray divisor,
      double rate,
      double beta1,
      double beta2,
      double decay,
      double epsilon) {
    run(
            "adamw", weights, gradients, first, second, steps, divisor, rate, beta1, beta2, decay,
            epsilon)
        .close();
  }

  /** The plain matrix product that a benchmark measures against. */
  public static NDArray matrixProduct(NDArray x, NDArray y) {
    return call("matrix_product", x, y);
  }

  private static int wide(Precision precision) {
    return precision == Precision.FLOAT64 ? Precision.FLOAT64.code : Precision.FLOAT32.code;
  }

  private static NDArray call(String method, NDArray first, Object... others) {
    return callIn(MODULE, method, first, others);
  }

  private static NDArray callIn(
      PtSymbolBlock module, String method, NDArray first, Object... others) {
    Object[] arguments = new Object[others.length + 1];
    arguments[0] = first;
    System.arraycopy(others, 0, arguments, 1, others.length);
    try (IValue result = runIn(module, method, arguments)) {
      return result.toTensor((PtNDManager) first.getManager());
    }
  }

  private static IValue run(String method, Object... arguments) {
    return runIn(MODULE, method, arguments);
  }

  private static IValue runIn(PtSymbolBlock module, String method, Object... arguments) {
    PLAIN.get();
    IValue[] values = new IValue[arguments.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = value(arguments[i]);
    }
    try {
      long[] handles = Arrays.stream(values).mapToLong(IValue::getHandle).toArray();
      return (IValue)
          RUN_METHOD.invokeExact((long) module.getHandle(), method, handles, true, false);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("native methods declare no exception", e);
    } finally {
      for (IValue value : values) {
        value.close();
      }
    }
  }

  private static IValue value(Object argument) {
    if (argument instanceof NDArray array) {
      return IValue.from((PtNDArray) array);
    } else if (argument instanceof Integer number) {
      return IValue.from((long) number);
    } else if (argument instanceof Long number) {
      return IValue.from(number);
    } else if (argument instanceof Double number) {
      return IValue.from(number);
    }
    PtNDArray[] arrays =
        ((List<?>) argument).stream().map(PtNDArray.class::cast).toArray(PtNDArray[]::new);
    return IValue.listFrom(arrays);
  }
}
