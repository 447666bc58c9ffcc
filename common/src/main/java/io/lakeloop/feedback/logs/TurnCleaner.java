package io.lakeloop.feedback.logs;

import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.table.Messages;
import io.lakeloop.text.Language;
import io.lakeloop.text.MinHash;
import io.lakeloop.text.NormalForm;
import io.lakeloop.text.QualityRules;
import io.lakeloop.text.Redactor;
import io.lakeloop.text.Sanitiser;
import io.lakeloop.text.Signs;
import io.lakeloop.text.Skeleton;
import io.lakeloop.text.TextCleaner;
import io.lakeloop.text.Words;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Cleans and redacts every text of a turn, then measures what is left. One per task. */
final class TurnCleaner {
  private static final List<String> CATEGORIES = List.of("model_version", "product", "cohort");
  private static final int MOST_REMEMBERED = 10_000;

  private final QualityRules quality;
  private final TreeSet<String> dropped;
  private final MinHash minHash;
  private final TextCleaner names;

  /** Values of columns with few of them, in which nothing was found. */
  private final Set<String> plain = new HashSet<>();

  /**
   * @param dropped quality rules whose breaking refuses a turn
   * @param minHash null where near duplicates are not looked for
   * @param names cleans what names a thing
   */
  TurnCleaner(QualityRules quality, List<String> dropped, MinHash minHash, TextCleaner names) {
    this.quality = quality;
    this.names = names;
    this.dropped = new TreeSet<>(dropped);
    this.minHash = minHash;
  }

  /**
   * Fills in what follows from the texts; a turn that breaks a rule that drops becomes refused.
   *
   * @return true if personal data was found
   */
  boolean finish(Turn turn, Redactor redactor) {
    Sanitiser sanitiser = new Sanitiser();
    TreeSet<String> kinds = new TreeSet<>();
    Conversation before = turn.before().mapped(text -> clean(text, sanitiser, redactor, kinds));
    String prompt = before.prompt();
    String completion = clean(turn.text("completion"), sanitiser, redactor, kinds);
    nested(turn, "tool_calls", sanitiser, redactor, kinds);
    CATEGORIES.forEach(column -> category(turn, column, redactor, kinds));
    turn.set("conversation_id", names.name(turn.text("conversation_id")));
    documents(turn);
    Words words = Words.of(completion);
    Words asked = Words.of(prompt);
    String promptSkeleton = Skeleton.of(prompt);
    String skeleton = Skeleton.of(completion);
    // A prompt is often too short to tell, and an answer is in its language.
    String language = Language.of(completion, words);
    language = language.equals("und") ? Language.of(prompt, asked) : language;
    Map<String, Double> broken = quality.broken(completion, words, skeleton, language);
    String said = prompt + "\n" + completion;
    String history = history(before);
    boolean trains = RecordReader.allowsTraining(turn);
    turn.set("messages", Messages.rows(before))
        .set("prompt", prompt)
        .set("completion", completion)
        .set("pii_types", kinds.toArray(String[]::new))
        .set("sanitised", sanitiser.changes())
        .set("language", language)
        .set("quality_flags", broken.keySet().toArray(String[]::new))
        .set("quality_values", broken)
        .set("consent", trains)
        .set("content_hash", NormalForm.hash(history + said))
        .set(
            "signature",
            minHash == null
                ? null
                : minHash.signature(
                    promptSkeleton + "\n" + skeleton, Signs.of(said) ^ bits(history)));
    refuse(turn, broken);
    return !kinds.isEmpty();
  }

  /** All but the prompt, as one text; the same answers behind other histories say other things. */
  private static String history(Conversation before) {
    if (before.hasPromptAlone()) {
      return "";
    }
    StringBuilder history = new StringBuilder();
    int last = before.messages().size() - 1;
    for (int i = 0; i <= last; i++) {
      Message message = before.messages().get(i);
      if (i < last || message.role() != Role.USER) {
        history.append(message.role().label()).append(": ").append(message.content());
        message.calls().forEach(c -> history.append(c.name()).append(c.arguments()));
        history.append('\n');
      }
    }
    return history.toString();
  }

  private static long bits(String history) {
    return history.isEmpty()
        ? 0
        : Long.parseUnsignedLong(NormalForm.hash(history).substring(0, 16), 16);
  }

  private void category(Turn turn, String column, Redactor redactor, TreeSet<String> kinds) {
    String value = turn.text(column);
    if (value == null || plain.contains(value)) {
      return;
    }
    Redactor.Redaction redaction = redactor.redact(Sanitiser.clean(value));
    kinds.addAll(redaction.kinds());
    String shown = names.name(redaction.text());
    turn.set(column, shown);
    if (shown.equals(value) && plain.size() < MOST_REMEMBERED) {
      plain.add(value);
    }
  }

  /** A document goes by its id; a keyed hash keeps it apart from others. */
  private void documents(Turn turn) {
    Row[] documents = (Row[]) turn.get("retrieved_documents");
    for (int i = 0; i < documents.length; i++) {
      Row document = documents[i];
      documents[i] =
          RowFactory.create(names.name(document.getString(0)), document.get(1), document.get(2));
    }
  }

  private void refuse(Turn turn, Map<String, Double> broken) {
    for (Map.Entry<String, Double> rule : broken.entrySet()) {
      if (dropped.contains(rule.getKey()) && !turn.isRefused()) {
        turn.set("reason_code", "QUALITY_" + rule.getKey())
            .set("reason", "the answer breaks " + rule.getKey() + " with " + rule.getValue())
            .set("payload", turn.text("prompt") + "\n" + turn.text("completion"));
      }
    }
  }

  private static void nested(
      Turn turn, String column, Sanitiser sanitiser, Redactor redactor, TreeSet<String> kinds) {
    Row[] rows = (Row[]) turn.get(column);
    for (int i = 0; i < rows.length; i++) {
      Object[] values = new Object[rows[i].size()];
      for (int j = 0; j < values.length; j++) {
        values[j] = clean(rows[i].getString(j), sanitiser, redactor, kinds);
      }
      rows[i] = RowFactory.create(values);
    }
  }

  private static String clean(
      String text, Sanitiser sanitiser, Redactor redactor, TreeSet<String> kinds) {
    if (text == null || text.isEmpty()) {
      return text;
    }
    Redactor.Redaction redaction = redactor.redact(sanitiser.apply(text));
    kinds.addAll(redaction.kinds());
    return redaction.text();
  }
}
