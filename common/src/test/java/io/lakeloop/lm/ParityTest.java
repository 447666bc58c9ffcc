package io.lakeloop.lm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDScope;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakeloop.lm.safetensors.SafeTensors;
import io.lakeloop.lm.tokenizer.Tokenizer;
import io.lakeloop.lm.torch.Compute;
import io.lakeloop.lm.torch.GradScope;
import io.lakeloop.lm.torch.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What transformers and PEFT say of tiny models of every family; submit-scripts/dev/lm-parity.py
 * made the fixtures, and checks the other way round what these tests leave in target/lm-parity.
 */
class ParityTest {
  private static final Path FIXTURES = Path.of("src/test/resources/lm");
  private static final Path EXCHANGE = Path.of("target/lm-parity");
  private static final float TOLERANCE = 1e-4f;

  static List<String> families() {
    return List.of(
        "llama2",
        "llama3",
        "llama-linear",
        "llama-dynamic",
        "llama-yarn",
        "qwen2",
        "qwen3",
        "mistral",
        "gpt2",
        "gemma",
        "gemma2",
        "gemma3",
        "phi3",
        "phi4",
        "olmo2",
        "smollm3",
        "granite");
  }

  @ParameterizedTest
  @MethodSource("families")
  void logitsAreTransformersOwn(String family) throws IOException {
    try (CausalLm model = new ModelFolder(folder(family)).load()) {
      assertClose(logits(model, ids(family)), expected(family, "logits"));
    }
  }

  /** Transformers 4 wrote the same in other keys. */
  @ParameterizedTest
  @ValueSource(strings = {"llama3", "llama-yarn", "llama-linear", "phi3", "phi4", "gemma3"})
  void keysOfTransformers4MeanTheSame(String family, @TempDir Path old) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode config =
        (ObjectNode) mapper.readTree(folder(family).resolve("config.json").toFile());
    JsonNode rope = config.remove("rope_parameters");
    if (rope.has("full_attention")) {
      config.set("rope_local_base_freq", rope.path("sliding_attention").path("rope_theta"));
      rope = rope.path("full_attention");
    }
    ObjectNode scaling = rope.deepCopy();
    config.set("rope_theta", scaling.remove("rope_theta"));
    if (scaling.has("partial_rotary_factor")) {
      config.set("partial_rotary_factor", scaling.remove("partial_rotary_factor"));
    }
    scaling.set("type", scaling.remove("rope_type"));
    config.set("rope_scaling", scaling);
    config.set("torch_dtype", config.remove("dtype"));
    Files.writeString(old.resolve("config.json"), mapper.writeValueAsString(config));
    Files.copy(folder(family).resolve("model.safetensors"), old.resolve("model.safetensors"));
    try (CausalLm model = new ModelFolder(old).load()) {
      assertClose(logits(model, ids(family)), expected(family, "logits"));
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void greedyTokensAreTransformersOwnWithAndWithoutCache(String family) throws IOException {
    int[] prompt = Arrays.copyOf(ids(family), 6);
    int[] greedy = ints(json(family).path("greedy"));
    SpecialTokens none = new SpecialTokens(List.of(), List.of());
    try (CausalLm model = new ModelFolder(folder(family)).load()) {
      Generator.Completion drawn =
          new Generator(model)
              .generate(
                  List.of(new Generator.Request(prompt, 0)), Generator.Settings.whole(32, 0, none))
              .get(0);
      assertThat(drawn.tokens()).isEqualTo(greedy);
      int[] sequence = prompt;
      for (int token : greedy) {
        float[] logits = logits(model, sequence);
        int vocab = model.config().vocabSize();
        int best = 0;
        int last = logits.length - vocab;
        for (int v = 1; v < vocab; v++) {
          best = logits[last + v] > logits[last + best] ? v : best;
        }
        assertThat(best).isEqualTo(token);
        sequence = Arrays.copyOf(sequence, sequence.length + 1);
        sequence[sequence.length - 1] = token;
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama2", "llama3", "qwen2", "qwen3", "mistral", "gpt2"})
  void tokenizerIdsAreTransformersOwn(String family) throws IOException {
    JsonNode json = json(family);
    try (Tokenizer tokenizer = Tokenizer.open(folder(family))) {
      for (int i = 0; i < json.path("texts").size(); i++) {
        String text = json.path("texts").path(i).asText();
        assertThat(tokenizer.encode(text)).as(text).isEqualTo(ints(json.path("text_ids").path(i)));
      }
      if (!json.path("chat_ids").isNull()) {
        assertThat(tokenizer.prompt(json.path("prompt").asText(), 1000))
            .isEqualTo(ints(json.path("chat_ids")));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama3", "gpt2", "gemma2", "phi4"})
  void adaptersOfPeftSayTheSameHere(String family) throws IOException {
    try (CausalLm base = new ModelFolder(folder(family)).load();
        CausalLm adapted = new AdapterFolder(folder(family).resolve("adapter")).load(base)) {
      assertClose(logits(adapted, ids(family)), expected(family, "adapter_logits"));
      // The base beside it, the reference, is what it was.
      assertClose(logits(base, ids(family)), expected(family, "logits"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama3", "gpt2", "gemma2", "phi4"})
  void mergingAnAdapterChangesNoLogit(String family, @TempDir Path merged) throws IOException {
    try (CausalLm base = new ModelFolder(folder(family)).load();
        CausalLm adapted = new AdapterFolder(folder(family).resolve("adapter")).load(base)) {
      new ModelFolder(merged).write(adapted, false, folder(family));
    }
    try (CausalLm model = new ModelFolder(merged).load()) {
      assertClose(logits(model, ids(family)), expected(family, "adapter_logits"));
    }
  }

  @Test
  void rewardAdaptersOfPeftScoreTheSameHere() throws IOException {
    int[] ids = ids("qwen2");
    try (CausalLm base = new ModelFolder(folder("qwen2")).load();
        CausalLm reward = new AdapterFolder(folder("qwen2").resolve("reward-adapter")).load(base)) {
      double[] scores =
          new ScalarHead(reward, 2)
              .atLastToken(
                  List.of(Arrays.copyOf(ids, 5), Arrays.copyOf(ids, 11), Arrays.copyOf(ids, 24)));
      float[] expected = expected("qwen2", "scores");
      for (int i = 0; i < expected.length; i++) {
        assertThat((float) scores[i]).isCloseTo(expected[i], within(TOLERANCE));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void savedModelsKeepEveryBit(String family) throws IOException {
    Path saved = EXCHANGE.resolve("base-" + family);
    float[] said;
    try (CausalLm model = new ModelFolder(folder(family)).load()) {
      said = logits(model, ids(family));
      // Several shards, so that the index is written and read too.
      new ModelFolder(saved).write(model, false, folder(family), 30_000);
    }
    try (CausalLm loaded = new ModelFolder(saved).load()) {
      assertThat(logits(loaded, ids(family))).isEqualTo(said);
    }
    leave(saved, ids(family), said);
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama3", "qwen3", "gpt2"})
  void savedAdaptersKeepEveryBit(String family) throws IOException {
    Path saved = EXCHANGE.resolve("adapter-" + family);
    float[] said;
    LoraConfig lora =
        new LoraConfig(
            3,
            6,
            0,
            family.equals("gpt2") ? List.of("c_attn", "c_fc") : List.of("q_proj", "up_proj"));
    try (CausalLm base = new ModelFolder(folder(family)).load();
        CausalLm adapted = base.adapted(lora, 5)) {
      try (GradScope off = GradScope.off()) {
        adapted.parameters().forEach((name, array) -> array.set(values(name, array.size())));
      }
      said = logits(adapted, ids(family));
      assertThat(said).isNotEqualTo(logits(base, ids(family)));
      new AdapterFolder(saved).write(adapted, false, "base-" + family);
      try (CausalLm loaded = new AdapterFolder(saved).load(base)) {
        assertThat(logits(loaded, ids(family))).isEqualTo(said);
      }
    }
    leave(saved, ids(family), said);
  }

  private static float[] values(String name, long size) {
    float[] values = new float[(int) size];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.sin(name.hashCode() + i) / 3;
    }
    return values;
  }

  @Test
  void aBfloat16BaseIsCloseAndHalfAsLarge() throws IOException {
    try (CausalLm model =
        new ModelFolder(folder("llama3")).load(Compute.cpu(), Precision.BFLOAT16)) {
      float[] expected = expected("llama3", "logits");
      float[] found = logits(model, ids("llama3"));
      double error = 0;
      double size = 0;
      for (int i = 0; i < expected.length; i++) {
        error += Math.pow(found[i] - expected[i], 2);
        size += Math.pow(expected[i], 2);
      }
      // bfloat16 keeps 8 bits: a relative error of some 2^-8 per operation.
      assertThat(Math.sqrt(error / size)).isLessThan(0.03);
    }
  }

  private static Path folder(String family) {
    return FIXTURES.resolve(family);
  }

  private static JsonNode json(String family) throws IOException {
    return new ObjectMapper().readTree(folder(family).resolve("expected.json").toFile());
  }

  private static int[] ids(String family) throws IOException {
    return ints(json(family).path("ids"));
  }

  private static int[] ints(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).mapToInt(JsonNode::asInt).toArray();
  }

  private static float[] expected(String family, String name) throws IOException {
    return SafeTensors.open(folder(family).resolve("expected.safetensors")).get(name).floats();
  }

  private static float[] logits(CausalLm model, int[] ids) {
    try (GradScope off = GradScope.off();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      return io.lakeloop.lm.torch.Kernels.cast(
              model.logits(model.hidden(TokenRows.padded(new int[][] {ids}))), Precision.FLOAT32)
          .toFloatArray();
    }
  }

  private static void assertClose(float[] found, float[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(found[i]).isCloseTo(expected[i], within(TOLERANCE));
    }
  }

  private static void leave(Path folder, int[] ids, float[] logits) throws IOException {
    Files.writeString(folder.resolve("input.json"), new ObjectMapper().writeValueAsString(ids));
    SafeTensors.write(
        folder.resolve("output.safetensors"),
        Map.of(
            "logits", SafeTensors.of(new long[] {ids.length, logits.length / ids.length}, logits)));
  }
}
