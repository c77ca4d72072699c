# The supplementary file of dwz-main.s.
	.section .note.gnu.build-id,"",@note
	.long	4, 4, 3
	.asciz	"GNU"
	.byte	0xab, 0xcd, 0xef, 0x01

	.section .debug_str,"MS",@progbits,1
	.byte	0
	.asciz	"mini.c"
	.asciz	"named_elsewhere"

	.section .debug_abbrev,"",@progbits
	.uleb128 1, 0x3c		# DW_TAG_partial_unit
	.byte 1
	.uleb128 0, 0
	.uleb128 2, 0x2e		# DW_TAG_subprogram
	.byte 0
	.uleb128 0x03, 0x0e		# DW_AT_name, DW_FORM_strp
	.uleb128 0, 0
	.byte 0

	.section .debug_info,"",@progbits
	.long	.Lend-.Lbegin
.Lbegin:
	.short	4
	.long	0
	.byte	8
	.uleb128 1
	.uleb128 2
	.long	8
	.byte	0
.Lend:
