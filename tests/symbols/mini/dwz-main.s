# What dwz leaves in a file: the names are in the supplementary file.
	.text
	.globl	_start
	.type	_start, @function
_start:
	nop
	nop
	ret
	.size	_start, .-_start
	.globl	after
	.type	after, @function
after:
	ret
	.size	after, .-after

	.section .debug_abbrev,"",@progbits
	.uleb128 1, 0x11		# DW_TAG_compile_unit
	.byte 1
	.uleb128 0x11, 0x01		# DW_AT_low_pc, DW_FORM_addr
	.uleb128 0x12, 0x07		# DW_AT_high_pc, DW_FORM_data8
	.uleb128 0x03, 0x1f21		# DW_AT_name, DW_FORM_GNU_strp_alt
	.uleb128 0, 0
	.uleb128 2, 0x2e		# DW_TAG_subprogram
	.byte 0
	.uleb128 0x11, 0x01
	.uleb128 0x12, 0x07
	.uleb128 0x31, 0x1f20		# DW_AT_abstract_origin, DW_FORM_GNU_ref_alt
	.uleb128 0, 0
	.byte 0

	.section .debug_info,"",@progbits
	.long	.Lend-.Lbegin
.Lbegin:
	.short	4
	.long	0
	.byte	8
	.uleb128 1
	.quad	_start
	.quad	4
	.long	1
	.uleb128 2
	.quad	_start
	.quad	3
	.long	12			# the function in the other file
	.byte	0
.Lend:

	.section .gnu_debugaltlink,"",@progbits
	.asciz	"gone/mini.debug"
	.byte	0xab, 0xcd, 0xef, 0x01
