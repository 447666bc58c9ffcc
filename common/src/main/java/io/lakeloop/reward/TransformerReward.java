package io.lakeloop.reward;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.lm.ScalarHead;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.lm.tokenizer.Tokenizer;
import io.lakeloop.registry.ModelVersion;
import io.lakeloop.session.ModelLoader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A language model whose scalar head, read at the last token, is the reward. */
public final class TransformerReward implements RewardModel {
  private static final String HEAD_JSON = "reward.json";
  private static final int BATCH_SIZE = 64;

  private final ModelLoader.Loaded loaded;
  private final ChatEncoder encoder;
  private final Head head;

  /**
   * What the folder holds beside the language model.
   *
   * @param gain of the normalisation on reference samples
   * @param bias of the normalisation on reference samples
   */
  record Head(int maxPromptTokens, int maxCompletionTokens, double gain, double bias) {}

  TransformerReward(ModelLoader.Loaded loaded, ChatEncoder encoder, Normalisation normalisation) {
    this.loaded = loaded;
    this.encoder = encoder;
    this.head =
        new Head(
            encoder.maxPromptTokens(),
            encoder.maxCompletionTokens(),
            normalisation.gain(),
            normalisation.bias());
  }

  /** Opens a published reward model; its base is the loader's. */
  static TransformerReward open(ModelVersion version, ModelLoader loader) throws IOException {
    Head head =
        new ObjectMapper().readValue(version.folder().resolve(HEAD_JSON).toFile(), Head.class);
    ChatEncoder encoder =
        new ChatEncoder(
            Tokenizer.open(version.folder()), head.maxPromptTokens(), head.maxCompletionTokens());
    return new TransformerReward(
        loader.open(version), encoder, new Normalisation(head.gain(), head.bias()));
  }

  /**
   * Writes the reward model.
   *
   * @param companions folder whose tokenizer it was trained with
   */
  public void write(Path folder, Path companions) throws IOException {
    loaded.write(folder, true, companions);
    new ObjectMapper().writeValue(folder.resolve(HEAD_JSON).toFile(), head);
  }

  @Override
  public double[] score(List<Exchange> exchanges) {
    List<int[]> sequences =
        exchanges.stream()
            .map(exchange -> encoder.sequence(exchange.prompt(), exchange.completion()).tokens())
            .toList();
    double[] scores = new ScalarHead(loaded.model(), BATCH_SIZE).atLastToken(sequences);
    Normalisation normalisation = new Normalisation(head.gain(), head.bias());
    for (int i = 0; i < scores.length; i++) {
      scores[i] = normalisation.apply(scores[i]);
    }
    return scores;
  }

  @Override
  public double preferenceProbability(double gap) {
    return new Normalisation(head.gain(), head.bias()).preferenceProbability(gap);
  }

  @Override
  public void close() {
    loaded.model().close();
    encoder.tokenizer().close();
  }
}
