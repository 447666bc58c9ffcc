package io.lakeloop.lm.tokenizer;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a prompt is put to a model so that it answers: {@code opening + prompt + asking}, and what
 * ends the answer. The Jinja text of a checkpoint is recognised, never executed.
 *
 * @param opening what stands before the prompt
 * @param asking what stands between the prompt and its answer
 * @param end token behind the answer, or empty for the tokenizer's own end token
 * @param trims true where blanks around the prompt are dropped
 */
public record ChatTemplate(String opening, String asking, String end, boolean trims) {
  /** The form of models trained here from scratch. */
  static final ChatTemplate TURNS = new ChatTemplate("<|user|>", "<|assistant|>", "<|end|>", false);

  /** The same in Jinja, for other tools. */
  static final String TURNS_JINJA =
      "{% for message in messages %}{% if message['role'] == 'user' %}<|user|>{{"
          + " message['content'] }}{% else %}<|assistant|>{{ message['content'] }}<|end|>{% endif"
          + " %}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}";

  /** The prompt as it stands: base models, whose prompts carry their own form. */
  static final ChatTemplate PLAIN = new ChatTemplate("", "", "", false);

  /** Llama 3, without the dates that later templates put before the prompt. */
  private static final ChatTemplate LLAMA3 =
      new ChatTemplate(
          "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n",
          "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
          "<|eot_id|>",
          true);

  private static final Pattern DEFAULT_SYSTEM =
      Pattern.compile("<\\|im_start\\|>system\\\\n([^'\"{}<]{1,2000}?)<\\|im_end\\|>");

  /**
   * Recognises a template.
   *
   * @param jinja text of the checkpoint's template, or empty
   * @throws UserError CONFIG_INVALID if it is neither ChatML nor Llama 3 nor our own
   */
  static ChatTemplate recognise(String jinja, String where) {
    if (jinja.isBlank()) {
      return PLAIN;
    } else if (jinja.contains("<|im_start|>")) {
      return chatMl(jinja);
    } else if (jinja.contains("<|start_header_id|>")) {
      return LLAMA3;
    } else if (jinja.equals(TURNS_JINJA)) {
      return TURNS;
    }
    throw new UserError(
        ErrorCode.CONFIG_INVALID,
        "Cannot use the chat template of %s: its form is neither ChatML (<|im_start|>) nor Llama 3"
            + " (<|start_header_id|>). Remove it to have prompts taken as they stand.",
        where);
  }

  /** ChatML; some templates open with a system message of their own where none is given. */
  private static ChatTemplate chatMl(String jinja) {
    Matcher system = DEFAULT_SYSTEM.matcher(jinja);
    String before = system.find() ? "<|im_start|>system\n" + system.group(1) + "<|im_end|>\n" : "";
    return new ChatTemplate(
        before + "<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>", false);
  }

  String prompt(String text) {
    return trims ? text.strip() : text;
  }
}
