// Made up.
int zeta_go(struct zeta *zeta)
{
	if (WARN_ON(!zeta->ring))
		return -EINVAL;
	return zeta_push(zeta->ring);
}
