package io.lakeloop.policy;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.sampling.AnswerPairs;
import io.lakeloop.reward.Exchange;
import io.lakeloop.table.Messages;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** What a policy is first taught: cleaned answers whose users allow it. */
public final class SftExamples {
  private SftExamples() {}

  /**
   * Returns the examples in the order of their ids.
   *
   * @param limit at most so many
   * @throws UserError DATA_EMPTY if there are none
   */
  public static List<Exchange> read(Dataset<Row> interactions, int limit) {
    List<Exchange> examples =
        AnswerPairs.eligible(interactions, java.util.List.of("training"))
            .orderBy("interaction_id")
            .limit(limit)
            .select("messages", "prompt", "completion")
            .collectAsList()
            .stream()
            .map(row -> new Exchange(Messages.read(row), row.getString(2)))
            .toList();
    if (examples.isEmpty()) {
      throw new UserError(
          ErrorCode.DATA_EMPTY,
          "Cannot train: interactions holds no answer that may be used (consent given, no"
              + " duplicate, no quality flag). Ingest more logs.");
    }
    return examples;
  }
}
