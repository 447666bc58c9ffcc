package io.lakeloop.policy;

import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.feedback.sampling.AnswerPairs;
import io.lakeloop.lm.tokenizer.ChatEncoder;
import io.lakeloop.lm.tokenizer.Turns;
import io.lakeloop.reward.Cuts;
import io.lakeloop.reward.Exchange;
import io.lakeloop.table.Messages;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
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

  /**
   * The exchanges as rows of a batch.
   *
   * @param say takes lines about the limits, and what was cut and left out
   * @throws UserError DATA_EMPTY if nothing is left to learn
   */
  public static List<SftTrainer.Example> encoded(
      List<Exchange> exchanges, ChatEncoder encoder, Rows rows, Consumer<String> say) {
    if (rows == Rows.EXCHANGES) {
      Cuts.of(encoder, exchanges).lines().forEach(say);
      return exchanges.stream()
          .map(e -> SftTrainer.Example.of(encoder.sequence(e.before(), e.completion())))
          .toList();
    }
    List<Conversation> conversations = conversations(exchanges);
    List<Turns> read = conversations.stream().map(encoder::turns).toList();
    List<SftTrainer.Example> examples =
        read.stream()
            .map(turns -> new SftTrainer.Example(turns.ids(), turns.answers()))
            .filter(example -> example.learned() > 0)
            .toList();
    tell(encoder, read, examples.size(), say);
    if (examples.isEmpty()) {
      throw new UserError(
          ErrorCode.DATA_EMPTY,
          "Cannot train: the chat template writes earlier answers otherwise than it asks for them,"
              + " so in none of %,d conversations the answers can be told. Set rows to exchanges.",
          conversations.size());
    }
    return examples;
  }

  private static void tell(ChatEncoder encoder, List<Turns> read, int kept, Consumer<String> say) {
    say.accept(
        line(
            "conversations of up to %,d tokens",
            encoder.maxPromptTokens() + encoder.maxCompletionTokens()));
    long cut = read.stream().filter(turns -> turns.tokensCut() > 0).count();
    if (cut > 0) {
      say.accept(
          line(
              "cut: %,d of %,d conversations (%,d whole messages); %,d tokens in all",
              cut,
              read.size(),
              read.stream().mapToLong(Turns::messagesCut).sum(),
              read.stream().mapToLong(Turns::tokensCut).sum()));
    }
    if (kept < read.size()) {
      say.accept(
          line(
              "left out: %,d of %,d conversations, in which the chat template lets no answer be"
                  + " told",
              read.size() - kept, read.size()));
    }
  }

  private static String line(String form, Object... values) {
    return String.format(Locale.ROOT, form, values);
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
