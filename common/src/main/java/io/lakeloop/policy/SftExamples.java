package io.lakeloop.policy;

import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.sampling.AnswerPairs;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.lm.tokenizer.Turns;
import io.lakeloop.reward.Exchange;
import io.lakeloop.table.Messages;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** What a policy is first taught: cleaned answers whose users allow it. */
public final class SftExamples {
  /** What makes a row of a batch. */
  public enum Rows {
    /** One answer each, behind its history, of which nothing is learned. */
    EXCHANGES,
    /** One conversation each, of which all answers are learned that may be. */
    CONVERSATIONS
  }

  private SftExamples() {}

  /**
   * Returns the exchanges in the order of their ids.
   *
   * @param limit at most so many
   * @throws UserError DATA_EMPTY if there are none
   */
  public static List<Exchange> read(Dataset<Row> interactions, int limit) {
    List<Exchange> examples =
        AnswerPairs.eligible(interactions, List.of("training"))
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
              + " duplicate, no quality flag, no picture or other part that is not there). Ingest"
              + " more logs.");
    }
    return examples;
  }

  /** The exchanges as rows of a batch. */
  public static List<SftTrainer.Example> encoded(
      List<Exchange> exchanges, ChatEncoder encoder, Rows rows) {
    if (rows == Rows.EXCHANGES) {
      return exchanges.stream()
          .map(e -> SftTrainer.Example.of(encoder.sequence(e.before(), e.completion())))
          .toList();
    }
    List<SftTrainer.Example> examples = new ArrayList<>();
    for (Conversation conversation : conversations(exchanges)) {
      Turns turns = encoder.turns(conversation);
      SftTrainer.Example example = new SftTrainer.Example(turns.ids(), turns.answers());
      if (example.learned() > 0) {
        examples.add(example);
      }
    }
    return examples;
  }

  /**
   * The longest conversations of which all exchanges are parts, longest first; answers that are not
   * among the exchanges have weight 0.
   */
  static List<Conversation> conversations(List<Exchange> exchanges) {
    Set<String> known = new HashSet<>();
    exchanges.forEach(e -> known.add(whole(e).digest()));
    List<Exchange> longest = new ArrayList<>(exchanges);
    longest.sort(Comparator.comparingInt((Exchange e) -> -e.before().messages().size()));
    Set<String> covered = new HashSet<>();
    List<Conversation> conversations = new ArrayList<>();
    for (Exchange exchange : longest) {
      Conversation whole = whole(exchange);
      if (covered.contains(whole.digest())) {
        continue;
      }
      conversations.add(weighted(whole, known, covered));
    }
    return conversations;
  }

  private static Conversation whole(Exchange exchange) {
    return exchange.before().with(Message.of(Role.ASSISTANT, exchange.completion()));
  }

  /** The conversation, each of its answers learned once, and only if it is known. */
  private static Conversation weighted(Conversation whole, Set<String> known, Set<String> covered) {
    List<Message> messages = new ArrayList<>();
    for (int i = 0; i < whole.messages().size(); i++) {
      Message message = whole.messages().get(i);
      if (message.role() == Role.ASSISTANT && message.calls().isEmpty()) {
        String prefix = new Conversation(whole.messages().subList(0, i + 1)).digest();
        boolean learned = known.contains(prefix) && covered.add(prefix);
        messages.add(message.weighing(learned ? 1 : 0));
      } else {
        messages.add(message.weighing(0));
      }
    }
    return new Conversation(messages);
  }
}
