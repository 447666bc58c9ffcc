package io.lakeloop.evaluation;

import io.lakeloop.chat.Conversation;

/**
 * One prompt answered by the model and by its opponent, judged.
 *
 * @param prompt place of the prompt in the suite
 * @param before what both answered
 * @param rewardScore the learned reward of the model's answer
 * @param opponentRewardScore the learned reward of the opponent's answer
 * @param kl sum over the answer's tokens of log pi - log pi_opponent, nats
 * @param tokens length of the model's answer
 */
public record Comparison(
    int prompt,
    int sample,
    Conversation before,
    String completion,
    String opponentCompletion,
    double score,
    double opponentScore,
    double rewardScore,
    double opponentRewardScore,
    double kl,
    int tokens) {

  public String verdict() {
    return score > opponentScore ? "win" : score == opponentScore ? "tie" : "loss";
  }

  double points() {
    return score > opponentScore ? 1 : score == opponentScore ? 0.5 : 0;
  }
}
