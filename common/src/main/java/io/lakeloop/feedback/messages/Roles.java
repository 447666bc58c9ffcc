package io.lakeloop.feedback.messages;

import io.lakeloop.chat.Role;
import io.lakeloop.feedback.Unusable;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** What the formats in use call those who speak. */
final class Roles {
  /** Names that may be shown in a refusal: one word without digits; more could name a person. */
  private static final Pattern SHOWN = Pattern.compile("[\\p{L}\\p{M}_-]{1,40}");

  private static final Map<String, Role> KNOWN = known();

  private Roles() {}

  private static Map<String, Role> known() {
    Map<String, Role> known = new HashMap<>();
    Map.of(
            Role.DOCUMENT, List.of("document"),
            Role.SYSTEM, List.of("system", "developer"),
            Role.USER, List.of("user", "human", "prompter"),
            Role.ASSISTANT,
                List.of(
                    "assistant",
                    "gpt",
                    "chatgpt",
                    "bot",
                    "chatbot",
                    "model",
                    "ai",
                    "bing",
                    "bard",
                    "claude"),
            Role.TOOL,
                List.of(
                    "tool",
                    "function",
                    "observation",
                    "ipython",
                    "tool_response",
                    "tool-response",
                    "tool_result",
                    "function_response"))
        .forEach((role, names) -> names.forEach(name -> known.put(name, role)));
    return Map.copyOf(known);
  }

  /**
   * @param name as the record has it, in whatever case
   * @throws Unusable UNKNOWN_ROLE with the name
   */
  static Role of(String name) throws Unusable {
    Role role = KNOWN.get(name.strip().toLowerCase(Locale.ROOT));
    if (role == null) {
      throw new Unusable(
          "UNKNOWN_ROLE",
          name.isBlank()
              ? "a message has no role"
              : "the role " + shown(name) + " is not known: user, assistant, system and tool are");
    }
    return role;
  }

  /** True for a turn whose text is a call, as ShareGPT's tool forms have it. */
  static boolean isCall(String name) {
    return List.of("function_call", "function-call", "tool_call", "tool-call")
        .contains(name.strip().toLowerCase(Locale.ROOT));
  }

  /** A name from outside, or how long it is where it might hold more than a name. */
  static String shown(String name) {
    return SHOWN.matcher(name.strip()).matches()
        ? "'" + name.strip() + "'"
        : "of " + name.length() + " characters";
  }
}
