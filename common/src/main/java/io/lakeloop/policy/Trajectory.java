package io.lakeloop.policy;

import io.lakeloop.chat.Conversation;

/**
 * One sampled episode, as the trajectories table keeps it. Arrays hold one value per completion
 * token.
 *
 * @param promptId place of the prompt in the run's prompt list
 * @param before what was answered
 * @param sample which of the prompt's samples in this step
 * @param rewards -beta * (log pi - log ref), with the score added at the last token
 * @param score the reward model's, or the fixed score where the answer did not end
 * @param safetyPenalty taken off the score
 * @param kl sum over the tokens of log pi - log ref, in nats
 * @param endedBy {@code end_token} or {@code length}
 */
public record Trajectory(
    int step,
    int promptId,
    int sample,
    Conversation before,
    String completion,
    int[] completionTokens,
    float[] logProbs,
    float[] refLogProbs,
    float[] values,
    float[] rewards,
    double score,
    double safetyPenalty,
    double kl,
    String endedBy) {

  /** The same episode under another step. */
  Trajectory at(int other) {
    return new Trajectory(
        other,
        promptId,
        sample,
        before,
        completion,
        completionTokens,
        logProbs,
        refLogProbs,
        values,
        rewards,
        score,
        safetyPenalty,
        kl,
        endedBy);
  }
}
