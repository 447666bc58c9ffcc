package io.lakeloop.supportdesk;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakeloop.algorithm.CounterRandom;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Writes the logs of a simulated support desk, and beside them what was planted in them: personal
 * data, repeated records, junk, broken lines. Two model versions answer, each part of the time.
 */
public final class LogSimulator {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Instant FIRST_DAY = Instant.parse("2026-01-05T08:00:00Z");
  private static final double SECOND_TURN = 0.15;
  private static final double PERSONAL_DATA = 0.12;
  private static final double GIBBERISH_SHARE = 0.02;
  private static final double REPEATED_SHARE = 0.03;
  private static final double MALFORMED_SHARE = 0.01;
  private static final double MISSING_PROMPT_SHARE = 0.005;
  private static final double NO_CONSENT = 0.08;

  private final int conversations;
  private final long seed;
  private final Planted planted = new Planted();

  public LogSimulator(int conversations, long seed) {
    this.conversations = conversations;
    this.seed = seed;
  }

  /** What the logs hold on purpose; JSON beside them. */
  public static final class Planted {
    public long lines;
    public long malformed;
    public long missingPrompt;
    public long gibberish;
    public long repeated;
    public long withoutConsent;
    public List<String> personalData = new ArrayList<>();
  }

  /**
   * Writes {@code logs.jsonl}, {@code gold-questions.jsonl} and {@code planted.json}.
   *
   * @param goldQuestions pairs whose answer experts know
   */
  public Planted write(Path folder, int goldQuestions) throws IOException {
    Files.createDirectories(folder);
    try (BufferedWriter out =
        Files.newBufferedWriter(folder.resolve("logs.jsonl"), StandardCharsets.UTF_8)) {
      conversations(out, 0, conversations);
    }
    writeGoldQuestions(folder.resolve("gold-questions.jsonl"), goldQuestions);
    JSON.writerWithDefaultPrettyPrinter()
        .writeValue(folder.resolve("planted.json").toFile(), planted);
    return planted;
  }

  /**
   * Writes one part of the logs: the same lines that the whole has for these conversations.
   *
   * @return lines written
   */
  public long writePart(Path file, int from, int to) throws IOException {
    long before = planted.lines;
    try (BufferedWriter out = Files.newBufferedWriter(file, StandardCharsets.UTF_8)) {
      conversations(out, from, to);
    }
    return planted.lines - before;
  }

  private void conversations(BufferedWriter out, int from, int to) throws IOException {
    for (int c = from; c < to; c++) {
      long key = CounterRandom.bits(seed, c);
      int turns = CounterRandom.uniform(key, 1) < SECOND_TURN ? 2 : 1;
      for (int turn = 1; turn <= turns; turn++) {
        turn(out, c, turn, key, CounterRandom.bits(key, 100 + turn));
      }
    }
  }

  /** What is wrong with a turn's record; at most one thing, so that each can be counted apart. */
  private enum Flaw {
    NONE,
    MALFORMED,
    MISSING_PROMPT,
    GIBBERISH,
    REPEATED;

    static Flaw draw(double u) {
      double[] shares = {MALFORMED_SHARE, MISSING_PROMPT_SHARE, GIBBERISH_SHARE, REPEATED_SHARE};
      double below = 0;
      for (int i = 0; i < shares.length; i++) {
        below += shares[i];
        if (u < below) {
          return values()[i + 1];
        }
      }
      return NONE;
    }
  }

  private void turn(BufferedWriter out, int conversation, int turn, long key, long turnKey)
      throws IOException {
    Flaw flaw = Flaw.draw(CounterRandom.uniform(turnKey, 50));
    String line = record(conversation, turn, key, turnKey, flaw).toString();
    boolean consent = line.contains("\"consent\":true");
    switch (flaw) {
      case MALFORMED -> {
        planted.malformed++;
        line = line.substring(0, line.length() / 2);
      }
      case MISSING_PROMPT -> planted.missingPrompt++;
      case GIBBERISH -> planted.gibberish++;
      case REPEATED -> {
        planted.repeated++;
        planted.withoutConsent += consent ? 0 : 1;
        emit(out, line);
      }
      case NONE -> {}
    }
    boolean kept = flaw != Flaw.MALFORMED && flaw != Flaw.MISSING_PROMPT;
    planted.withoutConsent += kept && !consent ? 1 : 0;
    emit(out, line);
  }

  private void emit(BufferedWriter out, String line) throws IOException {
    planted.lines++;
    out.write(line);
    out.write('\n');
  }

  private ObjectNode record(int conversation, int turn, long key, long turnKey, Flaw flaw) {
    Topic topic = pick(List.of(Topic.values()), turnKey, 2);
    String product = pick(DeskLanguage.PRODUCTS, turnKey, 3);
    boolean newModel = CounterRandom.uniform(key, 4) < 0.5;
    String question = pick(topic.questions(), turnKey, 5).replace("{product}", product);
    String answer = Answer.draw(topic, product, newModel, CounterRandom.bits(turnKey, 6));
    double gold = GoldReward.score(question, answer);
    ObjectNode record = JSON.createObjectNode();
    record.put("conversation_id", String.format(Locale.ROOT, "c%06d", conversation));
    record.put("turn", turn);
    record.put("user_id", "user-" + CounterRandom.below(1 + conversations / 3, key, 8));
    record.put("model_version", newModel ? "desk-2" : "desk-1");
    record.put("product", product);
    long seconds = conversation * 97L + turn * 45L + CounterRandom.below(40, turnKey, 9);
    record.put("created_at", FIRST_DAY.plusSeconds(seconds).toString());
    if (flaw != Flaw.MISSING_PROMPT) {
      record.put("prompt", question + personalData(turnKey));
    }
    record.put("completion", flaw == Flaw.GIBBERISH ? gibberish(turnKey) : answer);
    outcome(record, question, answer, gold, turnKey);
    record.put("consent", CounterRandom.uniform(key, 10) >= NO_CONSENT);
    return record;
  }

  private static void outcome(
      ObjectNode record, String question, String answer, double gold, long key) {
    int words = DeskLanguage.words(answer).size();
    record.put("latency_ms", 180 + 22 * words + CounterRandom.below(200, key, 20));
    record.put("tokens_in", DeskLanguage.words(question).size() + 4);
    record.put("tokens_out", words);
    double mood = gold + CounterRandom.gaussian(key, 21);
    if (CounterRandom.uniform(key, 22) < 0.4) {
      record.put("thumb", mood > 0.8 ? 1 : -1);
    }
    if (CounterRandom.uniform(key, 23) < 0.25) {
      record.put("csat", (int) Math.max(1, Math.min(5, Math.round(3 + mood))));
    }
    record.put("task_completed", mood > 1);
    record.put("escalated", mood < -1.5);
    record
        .putArray("retrieved_documents")
        .addObject()
        .put("id", "kb-" + CounterRandom.below(40, key, 24))
        .put("score", Math.round(1000 * CounterRandom.uniform(key, 25)) / 1000.0)
        .put("rank", 1);
  }

  /** A sentence with something personal in it, in about one prompt of eight. */
  private String personalData(long key) {
    if (CounterRandom.uniform(key, 30) >= PERSONAL_DATA) {
      return "";
    }
    String value;
    String sentence;
    switch (CounterRandom.below(6, key, 31)) {
      case 0 -> {
        value =
            pick(List.of("kim", "ola", "sam", "ines"), key, 32)
                + CounterRandom.below(1000, key, 33)
                + "@mail.example";
        sentence = " You can write to %s.";
      }
      case 1 -> {
        value = "+49 30 " + digits(8, key);
        sentence = " Call me on %s please.";
      }
      case 2 -> {
        value = withLuhn("4" + digits(14, key));
        sentence = " I paid with %s.";
      }
      case 3 -> {
        value = iban(digits(18, key));
        sentence = " Send it to %s.";
      }
      case 4 -> {
        value = "10.%d.%d.%d".formatted(octet(key, 34), octet(key, 35), octet(key, 36));
        sentence = " My machine is %s.";
      }
      default -> {
        value =
            "%03d-%02d-%04d"
                .formatted(
                    100 + CounterRandom.below(500, key, 37),
                    1 + CounterRandom.below(98, key, 38),
                    1 + CounterRandom.below(9998, key, 39));
        sentence = " My number is %s.";
      }
    }
    planted.personalData.add(value);
    return sentence.formatted(value);
  }

  private static int octet(long key, int part) {
    return 1 + CounterRandom.below(254, key, part);
  }

  private static String digits(int count, long key) {
    StringBuilder digits = new StringBuilder();
    for (int i = 0; i < count; i++) {
      digits.append(1 + CounterRandom.below(9, key, 60 + i));
    }
    return digits.toString();
  }

  private static String withLuhn(String digits) {
    int sum = 0;
    for (int i = 0; i < digits.length(); i++) {
      int digit = digits.charAt(digits.length() - 1 - i) - '0';
      int weighted = i % 2 == 0 ? 2 * digit : digit;
      sum += weighted > 9 ? weighted - 9 : weighted;
    }
    return digits + (10 - sum % 10) % 10;
  }

  /** A German IBAN over the account digits: check digits are 98 less the remainder by 97. */
  private static String iban(String account) {
    int check =
        98
            - new java.math.BigInteger(account + "131400")
                .mod(java.math.BigInteger.valueOf(97))
                .intValue();
    return "DE%02d%s".formatted(check, account);
  }

  private static String gibberish(long key) {
    return switch (CounterRandom.below(3, key, 40)) {
      case 0 -> "";
      case 1 -> "asdkjhqwelkjhasdlkjhqwe zxmcnbzxmnbqweoiu";
      default -> "%%% ### 0x00 ;;; 8482 ///";
    };
  }

  private void writeGoldQuestions(Path file, int count) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file, StandardCharsets.UTF_8)) {
      for (int i = 0; i < count; i++) {
        long key = CounterRandom.bits(seed, 1_000_000L + i);
        Topic topic = pick(List.of(Topic.values()), key, 1);
        String product = pick(DeskLanguage.PRODUCTS, key, 2);
        String prompt = pick(topic.questions(), key, 3).replace("{product}", product);
        String good =
            pick(DeskLanguage.WARM, key, 4).replace("{product}", product) + " " + topic.solution();
        String bad = pick(DeskLanguage.RUDE, key, 5) + " " + pick(DeskLanguage.VAGUE, key, 6);
        boolean goodIsA = CounterRandom.uniform(key, 7) < 0.5;
        out.write(
            JSON.createObjectNode()
                .put("prompt", prompt)
                .put("completion_a", goodIsA ? good : bad)
                .put("completion_b", goodIsA ? bad : good)
                .put("value", goodIsA ? "a" : "b")
                .toString());
        out.write('\n');
      }
    }
  }

  private static <T> T pick(List<T> from, long key, long part) {
    return from.get(CounterRandom.below(from.size(), key, part));
  }
}
