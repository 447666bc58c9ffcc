package io.lakeloop.reward;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.lm.AdapterFolder;
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
  private final Normalisation normalisation;

  /**
   * What the folder holds beside the language model.
   *
   * @param gain of the normalisation on reference samples
   * @param bias of the normalisation on reference samples
   * @param temperature of its probabilities
   */
  record Head(
      int maxPromptTokens, int maxCompletionTokens, double gain, double bias, double temperature) {}

  TransformerReward(ModelLoader.Loaded loaded, ChatEncoder encoder, Normalisation normalisation) {
    this.loaded = loaded;
    this.encoder = encoder;
    this.normalisation = normalisation;
  }

  /**
   * A model that was just trained, normalised on reference samples (D10).
   *
   * @param references answers whose rewards shall have mean 0 and deviation 1
   */
  public static TransformerReward normalised(
      ModelLoader.Loaded trained, ChatEncoder encoder, List<Exchange> references) {
    TransformerReward raw = new TransformerReward(trained, encoder, Normalisation.none());
    return new TransformerReward(trained, encoder, Normalisation.of(raw.score(references)));
  }

  /** Opens a published reward model; its base is the loader's. */
  static TransformerReward open(ModelVersion version, ModelLoader loader) throws IOException {
    return open(version.folder(), loader.open(version));
  }

  /** Opens an ensemble's member, which is an adapter. */
  static TransformerReward open(Path member, ModelLoader loader) throws IOException {
    return open(member, loader.open(new AdapterFolder(member)));
  }

  private static TransformerReward open(Path folder, ModelLoader.Loaded loaded) throws IOException {
    Head head = new ObjectMapper().readValue(folder.resolve(HEAD_JSON).toFile(), Head.class);
    ChatEncoder encoder =
        new ChatEncoder(Tokenizer.open(folder), head.maxPromptTokens(), head.maxCompletionTokens());
    return new TransformerReward(
        loaded, encoder, new Normalisation(head.gain(), head.bias(), head.temperature()));
  }

  @Override
  public void write(Path folder, Path companions) throws IOException {
    loaded.write(folder, true, companions);
    new ObjectMapper()
        .writeValue(
            folder.resolve(HEAD_JSON).toFile(),
            new Head(
                encoder.maxPromptTokens(),
                encoder.maxCompletionTokens(),
                normalisation.gain(),
                normalisation.bias(),
                normalisation.temperature()));
  }

  @Override
  public boolean tellsApart(PreferencePair pair) {
    return FittedPairs.tellsApart(encoder, pair);
  }

  private List<int[]> sequences(List<Exchange> exchanges) {
    return exchanges.stream()
        .map(exchange -> encoder.sequence(exchange.before(), exchange.completion()).tokens())
        .toList();
  }

  @Override
  public double[][] features(List<Exchange> exchanges) {
    return new ScalarHead(loaded.model(), BATCH_SIZE).hiddenAtLastToken(sequences(exchanges));
  }

  @Override
  public double[] score(List<Exchange> exchanges) {
    double[] scores = new ScalarHead(loaded.model(), BATCH_SIZE).atLastToken(sequences(exchanges));
    for (int i = 0; i < scores.length; i++) {
      scores[i] = normalisation.apply(scores[i]);
    }
    return scores;
  }

  @Override
  public Normalisation normalisation() {
    return normalisation;
  }

  @Override
  public TransformerReward calibrated(double temperature) {
    return new TransformerReward(loaded, encoder, normalisation.calibrated(temperature));
  }

  @Override
  public void close() {
    loaded.model().close();
    encoder.tokenizer().close();
  }
}
