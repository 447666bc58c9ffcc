package io.lakeloop.feedback.pairs;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.feedback.Refusal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Forms of JSON in which preference pairs come; each reads the pairs of one record. */
public enum PairFormat {
  /**
   * Transcripts {@code chosen} and {@code rejected} of turns {@code "\n\nHuman: "} and {@code
   * "\n\nAssistant: "} that differ in the last answer, as Anthropic's HH set has them.
   */
  HH {
    @Override
    List<Pair> pairs(JsonNode record) throws Unusable {
      String chosen = text(record, "chosen");
      String rejected = text(record, "rejected");
      int cut = promptEnd(chosen, rejected);
      if (cut < 0) {
        throw new Unusable(
            "NO_COMMON_PROMPT", "the transcripts do not share the turns before an answer");
      }
      Pair pair =
          Pair.of(
              chosen.substring(0, cut),
              chosen.substring(cut + ASSISTANT.length()),
              rejected.substring(cut + ASSISTANT.length()));
      return List.of(certain(record, pair));
    }
  },

  /**
   * TRL: {@code prompt}, {@code chosen}, {@code rejected} as text or as messages, the prompt of
   * messages with or apart from the answers, and {@code margin}.
   */
  TRL {
    @Override
    List<Pair> pairs(JsonNode record) throws Unusable {
      JsonNode chosen = record.path("chosen");
      JsonNode rejected = record.path("rejected");
      Pair pair =
          chosen.isArray()
              ? ofMessages(messages(record.path("prompt")), messages(chosen), messages(rejected))
              : Pair.of(
                  record.path("prompt").isTextual()
                      ? record.get("prompt").textValue()
                      : transcript(messages(record.path("prompt"))),
                  text(record, "chosen"),
                  text(record, "rejected"));
      return List.of(certain(record, pair));
    }
  },

  /**
   * OpenAI's preference fine-tuning: {@code input.messages}, {@code preferred_output}, {@code
   * non_preferred_output}.
   */
  OPENAI_DPO {
    @Override
    List<Pair> pairs(JsonNode record) throws Unusable {
      return List.of(
          certain(
              record,
              ofMessages(
                  messages(record.at("/input/messages")),
                  messages(record.path("preferred_output")),
                  messages(record.path("non_preferred_output")))));
    }
  },

  /** OpenAssistant's trees: of answers to one message, the one that people ranked higher. */
  OASST {
    @Override
    List<Pair> pairs(JsonNode record) throws Unusable {
      List<Pair> pairs = new ArrayList<>();
      JsonNode root = record.path("prompt").isObject() ? record.get("prompt") : record;
      ranked(root, new ArrayList<>(), pairs);
      if (pairs.isEmpty()) {
        throw new Unusable("NO_RANKS", "no message has two ranked answers");
      }
      return pairs;
    }
  };

  private static final String ASSISTANT = "\n\nAssistant:";
  private static final int DEEPEST = 500;
  private static final int MOST_PAIRS = 1000;

  /** Why a record holds no pair. */
  static final class Unusable extends Exception {
    private static final long serialVersionUID = 1;
    private final String code;

    Unusable(String code, String reason) {
      super(reason);
      this.code = code;
    }

    String code() {
      return code;
    }
  }

  abstract List<Pair> pairs(JsonNode record) throws Unusable;

  /** A message. */
  private record Message(String role, String content) {}

  private static String text(JsonNode record, String field) throws Unusable {
    if (!record.path(field).isTextual()) {
      throw new Unusable("MISSING_FIELD", field + " must be text");
    }
    return record.get(field).textValue();
  }

  private static List<Message> messages(JsonNode list) throws Unusable {
    List<Message> messages = new ArrayList<>();
    for (JsonNode message : list) {
      if (!message.path("content").isTextual()) {
        throw new Unusable("WRONG_TYPE", "a message has no content that is text");
      }
      messages.add(
          new Message(message.path("role").asText("user"), message.get("content").textValue()));
    }
    return messages;
  }

  /** One message stands for itself; several become a transcript. */
  private static String transcript(List<Message> messages) throws Unusable {
    if (messages.isEmpty()) {
      throw new Unusable("MISSING_FIELD", "prompt must be text or messages");
    }
    if (messages.size() == 1 && messages.get(0).role().equals("user")) {
      return messages.get(0).content();
    }
    StringBuilder out = new StringBuilder();
    for (Message message : messages) {
      if (out.length() > Refusal.LONGEST_TEXT) {
        // It will be refused: a deep tree has hundreds of such.
        break;
      }
      String who =
          switch (message.role()) {
            case "assistant" -> "Assistant";
            case "system" -> "System";
            case "tool" -> "Tool";
            default -> "Human";
          };
      String content = message.content();
      out.append(out.isEmpty() ? "" : "\n\n").append(who).append(": ");
      out.append(content, 0, Math.min(content.length(), Refusal.LONGEST_TEXT + 1));
    }
    return out.toString();
  }

  /** Messages that both lists begin with belong to the prompt. */
  private static Pair ofMessages(List<Message> prompt, List<Message> chosen, List<Message> rejected)
      throws Unusable {
    List<Message> shared = new ArrayList<>(prompt);
    int common = 0;
    while (common < Math.min(chosen.size(), rejected.size()) - 1
        && chosen.get(common).equals(rejected.get(common))) {
      shared.add(chosen.get(common++));
    }
    if (chosen.size() != common + 1 || rejected.size() != common + 1) {
      throw new Unusable(
          "NO_COMMON_PROMPT", "chosen and rejected must differ in their last message alone");
    }
    return Pair.of(
        transcript(shared), chosen.get(common).content(), rejected.get(common).content());
  }

  /** What the record says of how sure and how wide the preference is. */
  private static Pair certain(JsonNode record, Pair pair) throws Unusable {
    return new Pair(
        pair.prompt(),
        pair.chosen(),
        pair.rejected(),
        number(record, "p_chosen", 1),
        number(record, "weight", 1),
        number(record, "margin", 0),
        product(record));
  }

  private static String product(JsonNode record) throws Unusable {
    JsonNode product = record.path("product");
    if (product.isContainerNode()) {
      throw new Unusable("WRONG_TYPE", "product must be text or a number");
    }
    return product.asText(null);
  }

  private static double number(JsonNode record, String field, double otherwise) throws Unusable {
    JsonNode value = record.path(field);
    if (value.isMissingNode() || value.isNull()) {
      return otherwise;
    }
    if (!value.isNumber()) {
      throw new Unusable("WRONG_TYPE", field + " must be a number");
    }
    return value.doubleValue();
  }

  /** Where the last answer that both transcripts still share the way to begins, or -1. */
  private static int promptEnd(String chosen, String rejected) {
    int common = 0;
    int shorter = Math.min(chosen.length(), rejected.length());
    while (common < shorter && chosen.charAt(common) == rejected.charAt(common)) {
      common++;
    }
    return common < ASSISTANT.length()
        ? -1
        : chosen.lastIndexOf(ASSISTANT, common - ASSISTANT.length());
  }

  private static void ranked(JsonNode message, List<Message> path, List<Pair> pairs)
      throws Unusable {
    if (path.size() >= DEEPEST) {
      return;
    }
    List<Message> here = new ArrayList<>(path);
    String role = message.path("role").asText("").equals("prompter") ? "user" : "assistant";
    here.add(new Message(role, message.path("text").asText("")));
    List<JsonNode> answers = new ArrayList<>();
    for (JsonNode reply : message.path("replies")) {
      ranked(reply, here, pairs);
      if (reply.path("rank").isInt() && reply.path("text").isTextual()) {
        answers.add(reply);
      }
    }
    if (role.equals("user") && answers.size() > 1) {
      addPairs(transcript(here), answers, pairs);
    }
  }

  /** A pair of each two answers of which one is ranked before the other. */
  private static void addPairs(String prompt, List<JsonNode> answers, List<Pair> pairs)
      throws Unusable {
    answers.sort(Comparator.comparingInt(answer -> answer.get("rank").intValue()));
    int before = 0;
    for (int worse = 1; worse < answers.size(); worse++) {
      boolean sharesRank =
          answers.get(worse).get("rank").equals(answers.get(worse - 1).get("rank"));
      before = sharesRank ? before : worse;
      for (int i = 0; i < before; i++) {
        if (pairs.size() == MOST_PAIRS) {
          throw new Unusable("TOO_MANY_PAIRS", "it gives more than " + MOST_PAIRS + " pairs");
        }
        pairs.add(Pair.of(prompt, said(answers.get(i)), said(answers.get(worse))));
      }
    }
  }

  private static String said(JsonNode answer) {
    return answer.get("text").textValue();
  }
}
