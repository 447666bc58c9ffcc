package io.lakeloop.feedback.pairs;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.feedback.Unusable;
import io.lakeloop.feedback.messages.MessageReader;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The two sides of a pair, and what they share. */
final class Sides {
  private static final Pattern NUMBER =
      Pattern.compile("-?[0-9]{1,15}(\\.[0-9]{1,20})?([eE]-?[0-9]{1,2})?");

  private Sides() {}

  /** A side as messages: a text is the assistant's. */
  static List<Message> messages(JsonNode record, String field) throws Unusable {
    JsonNode side = record.path(field);
    MessageReader reader = new MessageReader();
    if (side.isTextual()) {
      return List.of(Message.of(Role.ASSISTANT, side.textValue()));
    } else if (side.isArray() && !side.isEmpty()) {
      return reader.list(side);
    } else if (side.isObject()) {
      return reader.messages(side, "assistant");
    }
    throw new Unusable("MISSING_FIELD", field + " must be text or messages");
  }

  static String text(JsonNode record, String field) throws Unusable {
    if (!record.path(field).isTextual()) {
      throw new Unusable("MISSING_FIELD", field + " must be text");
    }
    return record.get(field).textValue();
  }

  /**
   * @param otherwise where the field is not there; NaN where it must be
   */
  static double number(JsonNode record, String field, double otherwise) throws Unusable {
    JsonNode value = record.path(field);
    if ((value.isMissingNode() || value.isNull()) && !Double.isNaN(otherwise)) {
      return otherwise;
    }
    if (!isNumber(value)) {
      throw new Unusable("WRONG_TYPE", field + " must be a number");
    }
    return value.isTextual() ? Double.parseDouble(value.textValue()) : value.doubleValue();
  }

  /** True of numbers, and of texts that are one. */
  static boolean isNumber(JsonNode value) {
    return value.isNumber() || value.isTextual() && NUMBER.matcher(value.textValue()).matches();
  }

  /**
   * Messages that both sides begin with belong to the prompt, and so do those with which they
   * repeat it.
   *
   * @throws Unusable NO_COMMON_PROMPT where they part before their last message
   */
  static Pair pair(List<Message> prompt, List<Message> chosen, List<Message> rejected)
      throws Unusable {
    List<Message> before = new ArrayList<>(prompt);
    int from = repeated(prompt, chosen, rejected);
    int common = from;
    while (common < Math.min(chosen.size(), rejected.size()) - 1
        && chosen.get(common).equals(rejected.get(common))) {
      before.add(chosen.get(common++));
    }
    if (chosen.size() != common + 1 || rejected.size() != common + 1) {
      throw new Unusable(
          "NO_COMMON_PROMPT", "chosen and rejected must differ in their last message alone");
    }
    for (Message answer : List.of(chosen.get(common), rejected.get(common))) {
      if (answer.role() != Role.ASSISTANT || !answer.calls().isEmpty()) {
        throw new Unusable("NO_ANSWER", "a side does not end in a text of the assistant");
      }
    }
    if (new Conversation(before).prompt().isBlank()) {
      throw new Unusable("MISSING_FIELD", "prompt must be text or messages");
    }
    return Pair.of(
        new Conversation(before), chosen.get(common).content(), rejected.get(common).content());
  }

  /** How many messages of both sides say the prompt again. */
  private static int repeated(List<Message> prompt, List<Message> chosen, List<Message> rejected) {
    int size = prompt.size();
    boolean repeats =
        size > 0
            && chosen.size() > size
            && rejected.size() > size
            && chosen.subList(0, size).equals(prompt)
            && rejected.subList(0, size).equals(prompt);
    return repeats ? size : 0;
  }

  /**
   * Two texts that begin with their prompt: what they share, up to a blank, as TRL's extract_prompt
   * has it.
   */
  static Pair implicit(String chosen, String rejected) throws Unusable {
    if (Transcript.isIn(chosen)) {
      return pair(List.of(), Transcript.messages(chosen), Transcript.messages(rejected));
    }
    int common = 0;
    int shorter = Math.min(chosen.length(), rejected.length());
    while (common < shorter && chosen.charAt(common) == rejected.charAt(common)) {
      common++;
    }
    int cut = common == shorter ? common : chosen.lastIndexOf(' ', common);
    if (cut <= 0 || chosen.substring(0, cut).isBlank()) {
      throw new Unusable(
          "NO_COMMON_PROMPT", "there is no prompt, and chosen and rejected begin differently");
    }
    return Pair.of(
        Conversation.of(chosen.substring(0, cut)),
        chosen.substring(cut).strip(),
        rejected.substring(cut).strip());
  }
}
