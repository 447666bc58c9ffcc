package io.lakeloop.reward;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.ChatEncoder;
import io.lakeloop.lm.Checkpoint;
import io.lakeloop.lm.ScalarHead;
import io.lakeloop.lm.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A language model whose scalar head, read at the last token, is the reward. */
public final class TransformerReward implements RewardModel {
  private static final String HEAD_JSON = "reward.json";
  private static final int BATCH_SIZE = 64;

  private final CausalLm model;
  private final ChatEncoder encoder;
  private final Head head;

  /**
   * What the folder holds beside the language model.
   *
   * @param gain of the normalisation on reference samples
   * @param bias of the normalisation on reference samples
   */
  record Head(int maxPromptTokens, int maxCompletionTokens, double gain, double bias) {}

  TransformerReward(CausalLm model, ChatEncoder encoder, Normalisation normalisation) {
    this.model = model;
    this.encoder = encoder;
    this.head =
        new Head(
            encoder.maxPromptTokens(),
            encoder.maxCompletionTokens(),
            normalisation.gain(),
            normalisation.bias());
  }

  /** Loads a published reward model from its folder. */
  public static TransformerReward open(Path folder) throws IOException {
    Checkpoint checkpoint = new Checkpoint(folder);
    Head head = new ObjectMapper().readValue(folder.resolve(HEAD_JSON).toFile(), Head.class);
    ChatEncoder encoder =
        new ChatEncoder(
            Tokenizer.open(checkpoint.tokenizerJson()),
            head.maxPromptTokens(),
            head.maxCompletionTokens());
    return new TransformerReward(
        checkpoint.load(), encoder, new Normalisation(head.gain(), head.bias()));
  }

  public void write(Path folder, Path tokenizerJson) throws IOException {
    new Checkpoint(folder).write(model, tokenizerJson);
    new ObjectMapper().writeValue(folder.resolve(HEAD_JSON).toFile(), head);
  }

  @Override
  public double[] score(List<Exchange> exchanges) {
    List<int[]> sequences =
        exchanges.stream()
            .map(exchange -> encoder.sequence(exchange.prompt(), exchange.completion()).tokens())
            .toList();
    double[] scores = new ScalarHead(model, BATCH_SIZE).atLastToken(sequences);
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
    model.close();
    encoder.tokenizer().close();
  }
}
