package io.lakeloop.feedback.pairs;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.feedback.Unusable;
import io.lakeloop.feedback.messages.MessageReader;
import io.lakeloop.feedback.messages.RequestReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Forms of JSON in which preference pairs come; each reads the pairs of one record. The order is
 * that in which a record is held against them.
 */
public enum PairFormat {
  /** OpenAssistant's trees: of answers to one message, the one that people ranked higher. */
  OASST(
      "prompt is a message with replies, or replies",
      record -> record.path("prompt").isObject() || record.has("replies")) {
    @Override
    List<Pair> pairs(JsonNode record) throws Unusable {
      List<Pair> pairs = new ArrayList<>();
      JsonNode root = record.path("prompt").isObject() ? record.get("prompt") : record;
      RankedTree.pairs(root, new ArrayList<>(), pairs);
      return some(pairs, "no message has two ranked answers");
    }
  },

  /**
   * OpenAI's preference fine-tuning: {@code input.messages}, {@code preferred_output}, {@code
   * non_preferred_output}.
   */
  OPENAI_DPO("preferred_output", record -> record.has("preferred_output")) {
    @Override
    List<Pair> pairs(JsonNode record) throws Unusable {
      return List.of(
          Sides.pair(
              asked(record.path("input")),
              Sides.messages(record, "preferred_output"),
              Sides.messages(record, "non_preferred_output")));
    }
  },

  /** UltraFeedback as it was made: {@code completions} with {@code overall_score}. */
  ULTRAFEEDBACK(
      "instruction and completions with scores",
      record -> record.has("instruction") && record.path("completions").isArray()) {
    @Override
    List<Pair> pairs(JsonNode record) throws Unusable {
      return scored(
          user(record, "instruction"), record.get("completions"), "response", "overall_score", 1);
    }

    @Override
    Optional<Refusal> leftOut(JsonNode record) {
      return unscored(record.get("completions"), "response", "overall_score");
    }
  },

  /** Nectar: {@code answers} with {@code rank}, the first the best. */
  NECTAR(
      "answers with ranks",
      record -> record.path("answers").path(0).has("rank") && record.has("prompt")) {
    @Override
    List<Pair> pairs(JsonNode record) throws Unusable {
      return scored(transcript(record, "prompt"), record.get("answers"), "answer", "rank", -1);
    }

    @Override
    Optional<Refusal> leftOut(JsonNode record) {
      return unscored(record.get("answers"), "answer", "rank");
    }
  },

  /** Stanford Human Preferences: {@code labels} is 1 where {@code human_ref_A} is better. */
  SHP("history and human_ref_A", record -> record.has("human_ref_A")) {
    @Override
    List<Pair> pairs(JsonNode record) throws Unusable {
      int label = whole(record, "labels", 0, 1);
      return sided(user(record, "history"), record, "human_ref_A", "human_ref_B", label == 1);
    }
  },

  /** HelpSteer3: {@code overall_preference} from -3, the first is better, to 3. */
  HELPSTEER3(
      "response1, response2 and overall_preference", record -> record.has("overall_preference")) {
    @Override
    List<Pair> pairs(JsonNode record) throws Unusable {
      return preferred(
          asked(record.path("context")), record, "response1", "response2", "overall_preference");
    }
  },

  /** HelpSteer2's preferences: {@code preference_strength} from -3, the first is better, to 3. */
  HELPSTEER2_PREFERENCE(
      "response_1, response_2 and preference_strength",
      record -> record.has("preference_strength")) {
    @Override
    List<Pair> pairs(JsonNode record) throws Unusable {
      return preferred(
          asked(record.path("prompt")), record, "response_1", "response_2", "preference_strength");
    }
  },

  /** PKU-SafeRLHF: {@code better_response_id} says which is better. */
  PKU_SAFERLHF(
      "response_0, response_1 and better_response_id", record -> record.has("better_response_id")) {
    @Override
    List<Pair> pairs(JsonNode record) throws Unusable {
      int better = whole(record, "better_response_id", 0, 1);
      return sided(user(record, "prompt"), record, "response_0", "response_1", better == 0);
    }
  },

  /** AlpacaFarm: {@code preference} is 1 or 2. */
  ALPACA_FARM(
      "output_1, output_2 and preference",
      record -> record.has("output_1") && record.has("preference")) {
    @Override
    List<Pair> pairs(JsonNode record) throws Unusable {
      int better = whole(record, "preference", 1, 2);
      return sided(asked(record), record, "output_1", "output_2", better == 1);
    }
  },

  /** KTO's and TRL's unpaired answers: {@code completion} and {@code label}. */
  UNPAIRED(
      "completion and label",
      record ->
          (record.has("completion") || record.has("messages"))
              && (record.has("label") || record.has("kto_tag"))) {
    @Override
    List<Pair> pairs(JsonNode record) {
      return List.of();
    }

    @Override
    Optional<ScoredAnswer> answer(JsonNode record) throws Unusable {
      JsonNode label = record.has("label") ? record.get("label") : record.path("kto_tag");
      if (!label.isBoolean() && !(label.isInt() && Math.abs(label.intValue()) <= 1)) {
        throw new Unusable("WRONG_TYPE", "label must be true or false");
      }
      double score = label.isBoolean() ? (label.booleanValue() ? 1 : 0) : label.intValue();
      List<Message> answer =
          record.has("completion") ? Sides.messages(record, "completion") : List.of();
      return Optional.of(ScoredAnswer.of(asked(record), answer, score));
    }
  },

  /** HelpSteer and HelpSteer2: answers with a grade of {@code helpfulness}. */
  HELPSTEER2(
      "response and helpfulness", record -> record.has("response") && record.has("helpfulness")) {
    @Override
    List<Pair> pairs(JsonNode record) {
      return List.of();
    }

    @Override
    Optional<ScoredAnswer> answer(JsonNode record) throws Unusable {
      return Optional.of(
          ScoredAnswer.of(
              asked(record.path("prompt")),
              Sides.messages(record, "response"),
              Sides.number(record, "helpfulness", Double.NaN)));
    }
  },

  /**
   * Transcripts {@code chosen} and {@code rejected} of turns {@code "\n\nHuman: "} and {@code
   * "\n\nAssistant: "} that differ in the last answer, as Anthropic's HH set has them.
   */
  HH(
      "chosen and rejected are transcripts",
      record ->
          record.path("chosen").isTextual()
              && !record.hasNonNull("prompt")
              && Transcript.isIn(record.get("chosen").textValue())) {
    @Override
    List<Pair> pairs(JsonNode record) throws Unusable {
      return List.of(
          Sides.pair(
              List.of(),
              Transcript.messages(Sides.text(record, "chosen")),
              Transcript.messages(Sides.text(record, "rejected"))));
    }
  },

  /**
   * TRL and its kin: {@code chosen} and {@code rejected} as text, message or messages; the prompt
   * in them or apart, as text or messages; LLaMA-Factory's {@code conversations}, Argilla's and
   * Orca's names among them.
   */
  TRL(
      "chosen and rejected",
      record -> record.has("chosen") || record.has("chosen_response") || record.has("rejected")) {
    @Override
    List<Pair> pairs(JsonNode record) throws Unusable {
      String chosen = record.has("chosen") ? "chosen" : "chosen_response";
      String rejected = record.has("rejected") ? "rejected" : "rejected_response";
      List<Message> asked = asked(record);
      if (asked.isEmpty() && record.path(chosen).isTextual() && record.path(rejected).isTextual()) {
        return List.of(Sides.implicit(Sides.text(record, chosen), Sides.text(record, rejected)));
      }
      return List.of(
          Sides.pair(asked, Sides.messages(record, chosen), Sides.messages(record, rejected)));
    }
  };

  private final String sign;
  private final Predicate<JsonNode> fits;

  PairFormat(String sign, Predicate<JsonNode> fits) {
    this.sign = sign;
    this.fits = fits;
  }

  /** The form of a record, told by its fields. */
  public static Optional<PairFormat> of(JsonNode record) {
    return Arrays.stream(values()).filter(format -> format.fits.test(record)).findFirst();
  }

  /** The name in the settings. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** All names. */
  public static List<String> labels() {
    return Arrays.stream(values()).map(Enum::name).toList();
  }

  /** The fields by which a record is told. */
  public String sign() {
    return sign;
  }

  /**
   * The pairs of a record, as far as it says by itself which answers are better.
   *
   * @throws Unusable where it cannot be read
   */
  abstract List<Pair> pairs(JsonNode record) throws Unusable;

  /** What of a record is in none of its pairs, and why. */
  Optional<Refusal> leftOut(JsonNode record) {
    return Optional.empty();
  }

  /** One answer with a score, where the pairs are between records. */
  Optional<ScoredAnswer> answer(JsonNode record) throws Unusable {
    return Optional.empty();
  }

  /** What was asked, wherever the record has it; a text is what a user said. */
  private static List<Message> asked(JsonNode record) throws Unusable {
    RequestReader reader = new RequestReader(new MessageReader());
    if (record.isTextual()) {
      return said(record.textValue());
    } else if (record.path("instruction").isTextual() && record.path("input").isTextual()) {
      String input = record.get("input").textValue();
      String instruction = record.get("instruction").textValue();
      return List.of(
          Message.of(Role.USER, input.isBlank() ? instruction : instruction + "\n\n" + input));
    } else if (reader.saysMore(record)) {
      return reader.read(record);
    } else if (record.hasNonNull("prompt")) {
      List<Message> asked = new ArrayList<>(reader.instructions(record));
      asked.addAll(
          record.get("prompt").isTextual()
              ? said(record.get("prompt").textValue())
              : reader.read(record.get("prompt")));
      return asked;
    }
    return reader.read(record);
  }

  /** A text is what a user said, or a transcript where it begins as one. */
  private static List<Message> said(String text) {
    if (text.isBlank()) {
      return List.of();
    }
    return Transcript.isIn(text) ? Transcript.messages(text) : List.of(Message.of(Role.USER, text));
  }

  private static Conversation user(JsonNode record, String field) throws Unusable {
    return Conversation.of(Sides.text(record, field));
  }

  private static Conversation transcript(JsonNode record, String field) throws Unusable {
    return new Conversation(said(Sides.text(record, field)));
  }

  private static List<Pair> some(List<Pair> pairs, String otherwise) throws Unusable {
    if (pairs.isEmpty()) {
      throw new Unusable("NO_RANKS", otherwise);
    }
    return pairs;
  }

  /**
   * Pairs of answers that stand in one list.
   *
   * @param sign 1 where more is better, -1 where less is
   */
  private static List<Pair> scored(
      Conversation before, JsonNode list, String text, String score, int sign) throws Unusable {
    List<Answers.Scored> answers = new ArrayList<>();
    for (JsonNode answer : list) {
      if (isScored(answer, text, score)) {
        answers.add(
            new Answers.Scored(
                answer.get(text).textValue(), sign * Sides.number(answer, score, Double.NaN)));
      }
    }
    List<Pair> pairs = new ArrayList<>();
    Answers.addPairs(before, answers, pairs);
    return some(pairs, "no two answers have different scores");
  }

  private static boolean isScored(JsonNode answer, String text, String score) {
    return answer.path(text).isTextual() && Sides.isNumber(answer.path(score));
  }

  /** Why answers of a list are in none of its pairs. */
  private static Optional<Refusal> unscored(JsonNode list, String text, String score) {
    int left = 0;
    for (JsonNode answer : list) {
      left += isScored(answer, text, score) ? 0 : 1;
    }
    return left == 0
        ? Optional.empty()
        : Optional.of(
            new Refusal(
                "MISSING_FIELD",
                "%d of %d answers lack a text %s or a number %s; the others became pairs"
                    .formatted(left, list.size(), text, score)));
  }

  private static List<Pair> sided(
      Conversation before, JsonNode record, String first, String second, boolean firstIsBetter)
      throws Unusable {
    String one = Sides.text(record, first);
    String two = Sides.text(record, second);
    return List.of(firstIsBetter ? Pair.of(before, one, two) : Pair.of(before, two, one));
  }

  private static List<Pair> sided(
      List<Message> before, JsonNode record, String first, String second, boolean firstIsBetter)
      throws Unusable {
    return sided(new Conversation(before), record, first, second, firstIsBetter);
  }

  /** By a strength that is negative where the first is better; 0 is a tie. */
  private static List<Pair> preferred(
      List<Message> before, JsonNode record, String first, String second, String strength)
      throws Unusable {
    double preference = Sides.number(record, strength, Double.NaN);
    if (preference == 0) {
      throw new Unusable("NOTHING_TO_CHOOSE", strength + " is 0: neither answer is better");
    }
    return sided(before, record, first, second, preference < 0);
  }

  private static int whole(JsonNode record, String field, int low, int high) throws Unusable {
    double value = Sides.number(record, field, Double.NaN);
    if (value != low && value != high) {
      throw new Unusable("OUT_OF_RANGE", field + " must be " + low + " or " + high);
    }
    return (int) value;
  }
}
