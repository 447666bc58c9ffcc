package io.lakeloop.lm.tokenizer;

import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What people call the form that a chat template writes, told by what it writes. */
final class TemplateForm {
  private static final String PROBE = "lakeloop-probe";
  private static final Map<String, String> FORMS = new LinkedHashMap<>();

  static {
    FORMS.put("<|im_start|>", "ChatML");
    FORMS.put("<|start_header_id|>", "Llama 3's");
    FORMS.put("[INST]", "Llama 2's or Mistral's");
    FORMS.put("<start_of_turn>", "Gemma's");
    FORMS.put("<|start_of_role|>", "Granite's");
    FORMS.put("<|user|>", "Phi-3's, Zephyr's or OLMo's");
  }

  private TemplateForm() {}

  static String of(ChatTemplate template) {
    if (template.isPlain()) {
      return "none: prompts are read as they stand";
    }
    Conversation asked = Conversation.of(PROBE);
    String text = template.render(asked, true, asked).marked();
    String name =
        FORMS.entrySet().stream()
            .filter(form -> text.contains(form.getKey()))
            .map(Map.Entry::getValue)
            .findFirst()
            .orElse("a form of its own");
    boolean ownSystem = text.substring(0, Math.max(0, text.indexOf(PROBE))).contains("system");
    return name
        + (ownSystem ? " with a system message of its own" : "")
        + (takesSystem(template) ? "" : ", which takes no system message");
  }

  private static boolean takesSystem(ChatTemplate template) {
    Conversation told =
        new Conversation(
            List.of(Message.of(Role.SYSTEM, PROBE), Message.of(Role.USER, "What is it?")));
    return template
        .tryRender(told, true, told)
        .map(text -> text.marked().contains(PROBE))
        .orElse(false);
  }
}
